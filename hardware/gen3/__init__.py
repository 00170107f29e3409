"""One description of the robot (arm, gripper, camera mount) that simulation, planning and drivers share."""
