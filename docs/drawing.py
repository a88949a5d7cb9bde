"The page of digits, which stands beside the others as `digits.html`"
from pathlib import Path

def write_drawing(app, exception):
    "Write it into a site of HTML"
    if exception or app.builder.format != 'html': return
    from mnistlearn.apps.page import write_page
    write_page(Path(app.outdir)/'digits.html')

def setup(app):
    app.connect('build-finished', write_drawing)
    return {'parallel_read_safe': True}
