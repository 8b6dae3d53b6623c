"""Other people's programs, run so that their calls are recorded, held back if wanted, and shown while they wait.

`launch` starts one with the probe inside, `followed_run` keeps several with their journal, `stepping` is the other side
of probe/step.py, `own_process` records the process we are in. May import everything below it in engine.
"""
