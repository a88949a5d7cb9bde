__version__ = "0.1.0"

import sys
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec

moved = {'events': 'learner', 'check': 'apps.check', 'exercises': 'apps.exercises', 'course': 'apps.course', 'cli': 'apps.cli'}

class _MovedModules(MetaPathFinder, Loader):
    "Modules under the names that they had before, such as `mnistlearn.events`"
    def find_spec(self, fullname, path=None, target=None):
        package, _, name = fullname.rpartition('.')
        if package == __name__ and name in moved: return ModuleSpec(fullname, self)

    def exec_module(self, module):
        now = import_module(f'{__name__}.{moved[module.__name__.rpartition(".")[2]]}')
        vars(module).update({k: v for k, v in vars(now).items() if not k.startswith('__') or k in ('__all__', '__doc__')})

if not any(type(o).__name__ == '_MovedModules' for o in sys.meta_path): sys.meta_path.append(_MovedModules())
