"The reference's parameters: what the source says of each in the comment beside it"
import ast, inspect, textwrap
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
    said = [f':returns: {text}' if k == 'return' else f':param {k}: {text}' for k, text in words.items()]
    return '\n'.join(said + [f':raises {kind}: ``{text}``' if text else f':raises {kind}: as its name says' for kind, text in errors(function)])

def message(node):
    "The text of an error, with dots for what is filled in"
    if isinstance(node, ast.Constant): return str(node.value)
    if isinstance(node, ast.JoinedStr): return ''.join(o.value if isinstance(o, ast.Constant) else '...' for o in node.values)
    return ''

def helps(function):
    "Is it ours, and has no page of its own where its errors stand?"
    ours = inspect.isfunction(function) and function.__module__.startswith('mnistlearn.')
    return ours and (function.__name__.startswith('_') or function.__module__ == 'mnistlearn.base.arguments')

def errors(function, depth=2):
    "What it raises, itself or by what helps it: pairs of an error's name and its text"
    if inspect.isclass(function): function = vars(function).get('__init__')
    try: tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (TypeError, OSError, SyntaxError): return []
    found = {}
    for o in ast.walk(tree):
        match o:
            case ast.Raise(exc=ast.Call(func=ast.Name(id=name), args=args)):
                found[name, ' '.join(message(args[0]).replace('`', '').split()) if args else ''] = True
            case ast.Call(func=ast.Name(id=name)) if depth:
                helper = getattr(function, '__globals__', {}).get(name)
                if helps(helper): found.update(dict.fromkeys(errors(helper, depth - 1)))
    return list(found)

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
