"""A Gen3, a table, everyday objects and a person in MuJoCo, behind the same protocols as the real robot."""
