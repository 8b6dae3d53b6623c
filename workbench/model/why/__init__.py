"""The explanation of one call, as a person gets it after asking why: what happened, the cause, what to do, the source.

`why.why` chooses by the kind of call: setup, sent, received, ending, options, errors. `notes` makes the short
annotation that stands beside a call. May import all that is below it in model; facts about what the kernel did come
from model/claims alone, so that two places can't answer one question differently. To explain a call that has no
explanation yet, add a function that returns a `Reason` with its man page, and its case in `why.why`.
"""
