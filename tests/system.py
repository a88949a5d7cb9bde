"What this system can do for who runs somebody else's code"
from mnistlearn.base.sandbox import held_by_system

has_landlock, has_namespaces = (o in held_by_system() for o in ('other files', 'the network'))
