"""What is wrong with a program, as its session tells: rules that read the calls as an expert would.

A rule is a class in one of the modules of `rules`: its id, when it speaks, its sentence, its remedy and its longer
text stand together, and it registers itself. To add one, write the class there; its tests are one session in which it
has to speak and several in which it must not. It may claim only what the journal proves. May
import the rest of the model.
"""
