"Breaks an answer, one small change at a time: what a slip of the pen, or a misunderstanding, makes of it"
import ast

# each operator, and what is easily taken for it
operators = {ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.GtE), ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
    ast.Add: (ast.Sub,), ast.Sub: (ast.Add,), ast.Mult: (ast.Div,), ast.Div: (ast.Mult, ast.FloorDiv), ast.FloorDiv: (ast.Div,),
    ast.Mod: (ast.FloorDiv,), ast.Pow: (ast.Mult,), ast.And: (ast.Or,), ast.Or: (ast.And,), ast.BitAnd: (ast.BitOr,), ast.BitOr: (ast.BitAnd,)}
pairs = 'min max,argmin argmax,amin amax,mean sum,any all,floor ceil,zeros ones,zeros_like ones_like,append extend,train eval'
names = {a: b for pair in pairs.split(',') for a, b in (pair.split(), pair.split()[::-1])}

def changed(node, **fields):
    "A node with other fields"
    return ast.copy_location(type(node)(**{**dict(ast.iter_fields(node)), **fields}), node)

def without(items):
    "A list without its first item, without its second, and so on"
    return [items[:i] + items[i + 1:] for i in range(len(items))]

def swapped(items):
    "A list with two neighbours the wrong way round, for each two"
    return [items[:i] + [items[i + 1], items[i]] + items[i + 2:] for i in range(len(items) - 1)]

def block(*statements):
    "Statements in the place of one"
    return ast.If(ast.Constant(True), list(statements), [])

def in_its_place(node):
    "All that a slip of the pen may put in the place of a node"
    match node:
        case ast.Compare(ops=[op]): yield from (changed(node, ops=[o()]) for o in operators[type(op)])
        case ast.BinOp(left, op, right):
            yield from (changed(node, op=o()) for o in operators.get(type(op), ()))
            if not isinstance(op, (ast.Add, ast.Mult, ast.BitAnd, ast.BitOr)): yield changed(node, left=right, right=left)
            yield from (left, right)
        case ast.AugAssign(target, op, value):
            yield from (changed(node, op=o()) for o in operators.get(type(op), ()))
            yield ast.Assign([target], value, lineno=0)
        case ast.BoolOp(op, values):
            yield from (changed(node, op=o()) for o in operators[type(op)])
            yield from (changed(node, values=o) if len(o) > 1 else o[0] for o in without(values))
        case ast.UnaryOp(operand=operand): yield operand
        case ast.Constant(bool(v)): yield ast.Constant(not v)
        case ast.Constant(int(v) | float(v)): yield from (ast.Constant(v + 1), ast.Constant(v - 1))
        case ast.Call(func, args, keywords):
            yield from (changed(node, args=o) for o in swapped(args))
            yield from (changed(node, keywords=o) for o in without(keywords))
            if len(args) > 1: yield changed(node, args=args[:-1])
            if isinstance(func, ast.Attribute): yield func.value # x.abs() -> x
            if args: yield args[0] # abs(x) -> x
        case ast.Attribute(attr=name) if name in names: yield changed(node, attr=names[name])
        case ast.Name(id=name) if name in names: yield changed(node, id=names[name])
        case ast.Slice(): yield from (changed(node, **{k: None}) for k, v in ast.iter_fields(node) if v)
        case ast.Tuple(elts, ast.Load()): yield from (changed(node, elts=o) for o in swapped(elts))
        case ast.IfExp(test, body, orelse): yield from (body, orelse, changed(node, body=orelse, orelse=body))
        case ast.comprehension(ifs=ifs): yield from (changed(node, ifs=o) for o in without(ifs))
        case ast.arguments(defaults=defaults):
            if defaults: yield changed(node, defaults=defaults[1:])
            yield from (changed(node, defaults=[ast.Constant(7) if o is d else o for o in defaults]) for d in defaults)
        case ast.FunctionDef(decorator_list=decorators): yield from (changed(node, decorator_list=o) for o in without(decorators))
        case ast.ClassDef(bases=bases): yield from (changed(node, bases=o) for o in without(bases))
        case ast.With(body=body): yield block(*body)
        case ast.Try(body, handlers, orelse, finalbody): yield block(*body, *orelse, *finalbody)
        case ast.Break(): yield ast.Continue()
        case ast.Continue(): yield ast.Break()
        case ast.Expr(ast.Constant()): return # a docstring
        case ast.If(test, body, orelse): yield from (block(*body), block(*orelse or [ast.Pass()]))
    if isinstance(node, ast.stmt) and not isinstance(node, (ast.Import, ast.ImportFrom, ast.Pass)): yield ast.Pass()

def places(tree):
    "Each node of a tree, as the container that holds it and its key there"
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if name in ('annotation', 'returns'): continue
            if isinstance(value, ast.AST): yield vars(parent), name
            if isinstance(value, list): yield from ((value, i) for i, o in enumerate(value) if isinstance(o, ast.AST))

def mutants(source):
    "Python source with one thing changed: all that can come of it"
    tree, seen = ast.parse(source), {ast.unparse(ast.parse(source))}
    for holder, key in list(places(tree)):
        node = holder[key]
        for other in in_its_place(node):
            holder[key] = other
            text = ast.unparse(tree)
            holder[key] = node
            try: compile(text, '', 'exec')
            except (SyntaxError, ValueError): continue
            if text not in seen: yield text
            seen.add(text)
