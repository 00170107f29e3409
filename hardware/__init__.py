"""The devices: their protocols and types, the robots and cameras behind them, and the physics that stands in
for them.
"""
