"The reference's parameters: what the source says of each in the comment beside it"
from importlib import import_module

from fastcore.docments import docments

def find(name):
    "What a dotted name stands for; None where it is no function or class"
    module, *rest = name.split('.')
    found = import_module(module)
    for o in rest:
        module = f'{module}.{o}'
        try: found = getattr(found, o)
        except AttributeError:
            try: found = import_module(module)
            except ImportError: return
    return found if callable(found) else None

def fields(function):
    "What its docments say, as reStructuredText"
    try: parts = docments(function, full=True)
    except (TypeError, ValueError, OSError): return '' # its signature is not Python's
    words = {k: ' '.join(v.docment.split()).replace('`', '``') for k, v in parts.items() if v.docment}
    return '\n'.join(f':returns: {text}' if k == 'return' else f':param {k}: {text}' for k, text in words.items())

def add_docments(app, what, name, obj, skip, options):
    "Add to the docstring of what is shown what is said of its parameters"
    if what == 'package': return False # show it, though it has nothing to say for itself
    if skip or what not in ('function', 'method', 'class') or ':param ' in obj.docstring: return
    function = find(name)
    if function: obj.docstring = f'{obj.docstring}\n\n{fields(function)}\n'

def setup(app):
    app.setup_extension('autoapi.extension')
    app.connect('autoapi-skip-member', add_docments)
    return {'parallel_read_safe': True}
