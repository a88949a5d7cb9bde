"Formulas as MathML, which a browser draws by itself: no script and no fonts from anywhere"
from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml

def visit_math(self, node):
    self.body.append(tex2mathml(node.astext(), as_block=isinstance(node, nodes.math_block)))
    raise nodes.SkipNode

def setup(app):
    app.add_html_math_renderer('mathml', (visit_math, None), (visit_math, None))
    return {'parallel_read_safe': True}
