"From a picture as numbers to a neural net that reads digits: the parts that the course builds, a module for each chapter"

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

def _offer_check():
    "In a notebook that imports any chapter, `%%check` is there; the exercises come with its first use"
    shell = getattr(sys.modules.get('IPython'), 'get_ipython', lambda: None)()
    if shell is None or shell.find_cell_magic('check'): return
    def check(line, cell):
        "Is this answer right?"
        shell.run_line_magic('load_ext', f'{__name__}.apps.exercises') # puts its own `%%check` in the place of this one
        shell.run_cell_magic('check', line, cell)
    shell.register_magic_function(check, 'cell')

_offer_check()
