"The page in a real browser: what it computes, how it is used, what it asks of the network"
import base64, io, os, re, shutil, zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np, PIL, pytest
from filelock import FileLock

from mnistlearn.all import *
from mnistlearn.apps.page import page_html, page_state
from mnistlearn.base.panels import join_modules
from test_pictures import kinds, strokes

pytestmark = pytest.mark.dataless # whichever images its models have seen, it computes what Python computes
page_folder = Path(__file__).parent.parent/'mnistlearn'/'page'
sources = sorted(page_folder.glob('*.js'))

# ---- the files ----

def test_each_file_is_small_and_says_what_it_is():
    for file in sources:
        text = file.read_text(encoding='utf-8')
        assert text.startswith('// ') and len(text.splitlines()) <= 300, file.name
        assert max(map(len, text.splitlines())) <= 122, file.name
    assert {o.suffix for o in page_folder.iterdir()} == {'.js', '.css', '.html'}

def test_modules_import_what_others_export_and_no_name_stands_twice():
    exported, declared = {}, []
    for file in sources:
        names = re.findall(r'^(export )?(?:async )?(?:const|let|function|class) (\w+)', file.read_text(encoding='utf-8'), re.M)
        exported[file.name] = {name for export, name in names if export}
        declared += [name for _, name in names]
    assert sorted({o for o in declared if declared.count(o) > 1}) == []
    for file in sources:
        for names, other in re.findall(r"^import \{(.+)\} from '\./(.+)'$", file.read_text(encoding='utf-8'), re.M):
            names = names.split(', ')
            assert set(names) <= exported[other], f'{file.name} imports from {other}'
            rest = re.sub('^import .*\n', '', file.read_text(encoding='utf-8'), flags=re.M)
            assert [o for o in names if not re.search(rf'\b{o}\b', rest)] == [], f'{file.name} has no use for them'

def test_a_joined_script_has_each_module_once_after_those_that_it_needs():
    script = join_modules('page.js')
    firsts = [o.read_text(encoding='utf-8').splitlines()[0] for o in sources if o.name not in ('alone.js', 'widget.js', 'frames.js')] # of other pages
    assert [script.count(o) for o in firsts] == [1]*len(firsts)
    assert '</script' not in script and not re.search('^(import|export) ', script, re.M)

# ---- a browser ----

@pytest.fixture(scope='session')
def written(tmp_path_factory, chromium):
    "What the page holds, and the page: written once for all the processes that test"
    folder = tmp_path_factory.getbasetemp()
    folder = (folder.parent if 'PYTEST_XDIST_WORKER' in os.environ else folder)/'page'
    with FileLock(f'{folder}.lock'):
        if not (folder/'state.safetensors').exists():
            folder.mkdir(exist_ok=True)
            state = page_state()
            (folder/'page.html').write_text(page_html(state), encoding='utf-8')
            write_state(folder/'state.safetensors', state)
    return SimpleNamespace(file=folder/'page.html', state=read_state(folder/'state.safetensors'))


def ready(page):
    page.wait_for_function('window.course')
    return page

@pytest.fixture
def page(open_page, written):
    "The page, just opened"
    return ready(open_page(written.file))

@pytest.fixture(scope='module')
def computing(chromium, written):
    "One page for all tests that only compute with it"
    page = chromium.new_page(bypass_csp=True)
    page.goto(written.file.as_uri())
    yield ready(page)
    page.close()

def text(x): return base64.b64encode(np.ascontiguousarray(x).tobytes()).decode()

knows = dict(ten='all ten digits', pair='only 3 and 7, as in chapters 1 to 7')

def panel(page, name): return page.locator(f'[data-panel={name}]')

def press(place, name): place.get_by_role('button', name=name, exact=True).click()

def draw(page, digit, scale=1.5, at=(60, 40), touch=False, pad=None):
    "A digit on the pad, with the mouse or with a finger"
    box = (pad or page.locator('canvas.pad').first).bounding_box()
    for line in strokes[digit]:
        points = [(box['x'] + at[0] + scale*x, box['y'] + at[1] + scale*y) for x, y in line]
        if touch:
            client = page.context.new_cdp_session(page)
            def send(kind, points): client.send('Input.dispatchTouchEvent', dict(type=kind, touchPoints=[dict(x=x, y=y) for x, y in points]))
            send('touchStart', points[:1])
            for p in points[1:]: send('touchMove', [p])
            send('touchEnd', [])
        else:
            page.mouse.move(*points[0])
            page.mouse.down()
            for p in points[1:]: page.mouse.move(*p, steps=4)
            page.mouse.up()

def settle(page):
    "What was done is read in the next frame"
    page.evaluate('new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))')

def answers(page):
    settle(page)
    return [o.inner_text() for o in panel(page, 'draw').locator('.answer').all()]

def verdict(page):
    settle(page)
    return panel(page, 'draw').locator('.verdict').inner_text()

# ---- what it computes ----

outputs_of = '''([stage, name, images]) => {
  const bytes = Uint8Array.from(atob(images), c => c.charCodeAt(0)), course = window.course[stage], out = []
  for (let i = 0; i < bytes.length; i += 784) {
    const x = Float32Array.from(bytes.subarray(i, i + 784), v => v/255)
    const {means, models} = course
    if (name === 'averages') out.push(...Object.keys(means).sort().map(k => window.course.meanDistance(means[k], x)))
    else out.push(...models[name].outputs(x))
  }
  return out
}'''

def outputs(page, stage, name, x):
    return torch.tensor(sum((page.evaluate(outputs_of, [stage, name, text(o)]) for o in x.split(2000)), []))

def from_state(model, weights):
    model.load_state_dict(weights)
    return model.eval()

@pytest.mark.parametrize('stage', ['pair', 'ten'])
@torch.no_grad()
def test_every_model_gives_what_pytorch_gives(computing, written, stage):
    "On all the images that validate: 2,038 of 3s and 7s, 10,000 of all digits, where there is the whole of MNIST"
    data, held = load_digits(mnist()), written.state[stage]
    x = data.valid_x if stage == 'ten' else data.valid_x[(data.valid_y == 3) | (data.valid_y == 7)]
    n, inputs = (10, to_float(x).flatten(1)) if stage == 'ten' else (1, to_float(x).flatten(1))
    similar = PixelSimilarity()
    similar.means, similar.labels = held['means'].view(-1, 28, 28), torch.tensor([int(o) for o in held['names']])
    want = dict(averages=similar.distances(x), linear=from_state(nn.Linear(784, n), held['linear'])(inputs),
                net=from_state(simple_net(784, 30, n), held['net'])(inputs))
    if stage == 'ten':
        conv = from_state(recipes['conv-quick'].make(10), written.state['conv'])
        want['conv'] = torch.cat([conv(o[:, None]) for o in to_float(x).split(1000)])
    for name, w in want.items():
        off = (outputs(computing, stage, name, x).view(w.shape) - w).abs().max().item()
        assert off < 1e-4, f'{name}: {off}'

prepared = '''([width, height, rgba]) =>
  [...window.course.asMnist({width, height, data: Uint8ClampedArray.from(atob(rgba), c => c.charCodeAt(0))})]'''

@pytest.mark.parametrize('kind', [o for o in kinds if o not in ('sixteen', 'floats')]) # these two are files that no browser shows
def test_a_picture_is_prepared_as_in_python(computing, kind):
    for digit in '0149':
        im = kinds[kind](digit)
        got = computing.evaluate(prepared, [im.width, im.height, text(np.asarray(im.convert('RGBA')))])
        off = np.abs(np.array(got) - as_mnist(im).flatten().numpy())
        assert off.max() <= 2 and (off > 0).mean() < .02, digit # an older Pillow rounds in another order

@pytest.mark.skipif(int(PIL.__version__.split('.')[0]) < 13, reason='Pillow takes the passes in this order since version 13')
@pytest.mark.parametrize('name', ['box', 'bicubic', 'lanczos'])
def test_a_picture_is_scaled_as_pillow_does_it(computing, name):
    "Whole numbers, so it is the same on every machine"
    rng = np.random.default_rng(0)
    for width, height, w, h in ((20, 120, 3, 20), (120, 20, 20, 3), (70, 204, 12, 40), (41, 23, 60, 50), (33, 204, 9, 156), (60, 49, 51, 31)):
        x = rng.integers(0, 256, (height, width), dtype=np.uint8)
        got = computing.evaluate('''([width, height, bytes, w, h, name]) => {
          const data = Uint8ClampedArray.from(atob(bytes), c => c.charCodeAt(0))
          return [...window.course.parts.resample({width, height, channels: 1, data}, w, h, name).data]
        }''', [width, height, text(x), w, h, name])
        want = Image.fromarray(x).resize((w, h), getattr(Image.Resampling, name.upper()))
        assert got == np.asarray(want).flatten().tolist()

def test_what_is_prepared_already_is_left_alone_and_nothing_is_an_error(computing):
    image = load_digits(mnist()).valid_x[0].numpy()
    rgba = np.dstack([image]*3 + [np.full_like(image, 255)])
    assert computing.evaluate(prepared, [28, 28, text(rgba)]) == image.flatten().tolist()
    for size, words in (((50, 40), 'all of one colour'), ((2, 90), 'only 2 x 90')):
        with pytest.raises(Exception, match=words): computing.evaluate(prepared, [*size, text(np.full((size[1], size[0], 4), 255, np.uint8))])

train_once = '''async ([kind, params, images, targets, batchSize, rate]) => {
  const {gradients, step} = window.course.parts
  const floats = t => Float32Array.from(atob(t), c => c.charCodeAt(0))
  const x = floats(images).map(v => v/255), y = targets, n = y.length
  const made = params.map(([shape, data]) => ({shape, data: Float32Array.from(data)})), losses = []
  for (let i = 0; i < n; i += batchSize) {
    const size = Math.min(batchSize, n - i)
    const {loss, grads} = gradients(made, x.subarray(784*i, 784*(i + size)), y.slice(i, i + size), size)
    step(made, grads, rate)
    losses.push(loss)
  }
  return [made.map(p => [...p.data]), losses]
}'''

@pytest.mark.parametrize('kind, rate', [('linear', 1.), ('net', .3)])
def test_an_epoch_in_the_page_is_an_epoch_in_pytorch(computing, written, kind, rate):
    x, y = (written.state['train'][o] for o in 'xy')
    set_seed(3)
    model = nn.Linear(784, 1) if kind == 'linear' else simple_net()
    start = [[list(p.shape), p.flatten().tolist()] for p in model.parameters()]
    losses = []
    for i in range(0, len(x), 64):
        loss = mnist_loss(model(x[i:i + 64].float()/255), y[i:i + 64, None].long())
        loss.backward()
        losses.append(loss.item())
        with torch.no_grad():
            for p in model.parameters():
                p -= rate*p.grad
                p.grad = None
    got, got_losses = computing.evaluate(train_once, [kind, start, text(x), y.tolist(), 64, rate])
    assert np.abs(np.array(got_losses) - losses).max() < 1e-4
    for p, g in zip(model.parameters(), got): assert (p.detach().flatten() - torch.tensor(g)).abs().max() < 1e-4

def test_what_is_drawn_is_read_as_python_reads_it(page, written):
    "The pad's own picture, taken out of it and given to the package"
    press(panel(page, 'draw'), knows['ten'])
    conv = from_state(recipes['conv-quick'].make(10), written.state['conv'])
    reader = Reader('conv-quick', conv, [str(o) for o in range(10)], temperature=written.state['conv_temperature'])
    right = 0
    for digit in strokes:
        press(panel(page, 'draw'), 'clear')
        draw(page, digit, 1.4)
        settle(page)
        url = page.evaluate('window.course.draw.pad.small.toDataURL()')
        reading = reader.read(io.BytesIO(base64.b64decode(url.split(',')[1])))
        assert answers(page)[3].startswith(f'a {reading.answer},')
        assert abs(number(answers(page)[3], r'([\d.]+)%') - 100*reading.probability) < .6
        right += reading.answer == digit
    assert right >= 9

# ---- how it is used ----

views = dict(desktop={}, phone=dict(width=390, height=844, has_touch=True, is_mobile=True), dark=dict(color_scheme='dark'),
             forced=dict(forced_colors='active'), calm=dict(reduced_motion='reduce'))

@pytest.mark.parametrize('view', views)
def test_a_digit_is_drawn_and_read_in_every_view(open_page, written, view):
    page = ready(open_page(written.file, **views[view]))
    assert page.evaluate('document.documentElement.scrollWidth') <= page.viewport_size['width']
    page.wait_for_timeout(1300) # for the digit that draws itself
    assert [o[2] for o in answers(page)[1:]] == ['3']*3
    press(panel(page, 'draw'), knows['pair'])
    assert verdict(page) == 'The four agree: a 3.'
    press(panel(page, 'draw'), 'clear')
    assert verdict(page).startswith('Draw a digit') and answers(page) == ['–']*4
    draw(page, '7', 1.4, touch=view == 'phone')
    assert verdict(page) == 'The four agree: a 7.'
    press(panel(page, 'draw'), 'undo')
    assert answers(page) == ['–']*4

def test_keys_alone_draw_undo_and_choose(page):
    press(panel(page, 'draw'), knows['pair'])
    press(panel(page, 'draw'), 'clear')
    page.locator('canvas.pad').first.focus()
    def keys(*names):
        for o in names: page.keyboard.press(o)
    page.keyboard.press('Tab')
    page.keyboard.press('Shift+Tab') # the pad has the focus, and shows its pen
    keys(*['ArrowLeft']*6, 'Space', *['ArrowRight']*12) # a 7: across, then down and to the left
    keys(*['ArrowDown', 'ArrowDown', 'ArrowLeft']*7, 'Space')
    assert verdict(page) == 'The four agree: a 7.'
    keys('Control+z')
    assert answers(page) == ['–']*4
    panel(page, 'draw').get_by_role('button', name='example 1').focus()
    keys('Enter')
    assert answers(page)[0] == 'a 3'

@pytest.mark.parametrize('digit', '04679')
def test_a_step_that_is_left_out_makes_a_misreading(page, digit):
    place = panel(page, 'draw')
    press(place, 'clear')
    draw(page, digit, 1.4)
    def right(): return [o[2] == digit for o in answers(page)[1:]] # of the linear model, the net and the convolutions
    assert right() == [True]*3
    for kind, without in (('tiny', 'tiny, and not scaled'), ('off-centre', 'off-centre, and not centred')):
        press(place, kind)
        assert right() == [True]*3, kind
        press(place, without)
        assert sum(right()) <= 1 if kind == 'tiny' else not all(right()), without
        assert 'One step is left out' in verdict(page)
        press(place, 'all steps on')
        assert right() == [True]*3
        press(place, 'as it was')
        assert right() == [True]*3
    place.get_by_role('checkbox', name='ink, not paper').uncheck()
    assert 'One step is left out' in verdict(page) and not all(right())

def test_nothing_several_digits_and_a_digit_that_three_do_not_know_are_told(page):
    place = panel(page, 'draw')
    press(place, 'clear')
    assert verdict(page).startswith('Draw a digit')
    draw(page, '3', .7, (20, 60))
    draw(page, '7', .7, (170, 60))
    assert '2 things on the pad' in verdict(page)
    press(place, 'clear')
    draw(page, '0', 1.4)
    assert [o[:3] for o in answers(page)[2:]] == ['a 0']*2
    press(place, knows['pair'])
    assert 'Models 1 to 3 know only 3 and 7' in verdict(page)

def test_one_finger_draws_and_a_second_one_does_not(open_page, written):
    page = ready(open_page(written.file, **views['phone']))
    press(panel(page, 'draw'), 'clear')
    box = page.locator('canvas.pad').first.bounding_box()
    client = page.context.new_cdp_session(page)
    def send(kind, *points): client.send('Input.dispatchTouchEvent', dict(type=kind, touchPoints=[dict(x=box['x'] + x, y=box['y'] + y, id=i) for i, (x, y) in points]))
    send('touchStart', (0, (60, 60)))
    send('touchStart', (0, (60, 60)), (1, (200, 200)))
    send('touchMove', (0, (120, 60)), (1, (220, 240)))
    send('touchEnd')
    assert page.evaluate('window.course.draw.pad.marks.length') == 1
    assert page.evaluate('window.course.draw.pad.marks[0].points.every(([x, y]) => y < 60)')

def drop(page, name, data, kind):
    return page.evaluate_handle('''([name, data, type]) => {
      const transfer = new DataTransfer(), bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0))
      transfer.items.add(new File([bytes], name, {type}))
      return transfer
    }''', [name, base64.b64encode(data).decode(), kind])

def as_file(im, **how):
    file = io.BytesIO()
    im.save(file, **how)
    return file.getvalue()

def test_a_picture_is_dropped_in(page, written):
    im = kinds['chalk']('5')
    pad = page.locator('canvas.pad').first
    pad.dispatch_event('drop', dict(dataTransfer=drop(page, 'chalk.png', as_file(im, format='PNG'), 'image/png')))
    page.wait_for_timeout(300)
    press(panel(page, 'draw'), knows['ten'])
    conv = from_state(recipes['conv-quick'].make(10), written.state['conv'])
    reading = Reader('conv-quick', conv, [str(o) for o in range(10)]).read(im)
    assert answers(page)[3].startswith(f'a {reading.answer},')
    press(panel(page, 'draw'), 'tiny') # its ink, black on white, whatever it was
    assert answers(page)[3][2] == '5'
    press(panel(page, 'draw'), 'very thick')
    assert answers(page)[3][2] in '58'
    press(panel(page, 'draw'), 'as it was')
    assert answers(page)[3].startswith(f'a {reading.answer},')
    pad.dispatch_event('drop', dict(dataTransfer=drop(page, 'notes.txt', b'no picture', 'text/plain')))
    page.wait_for_timeout(300)
    assert 'notes.txt is no picture' in panel(page, 'draw').locator('.padbox .note').inner_text()

def number(text, pattern): return float(re.search(pattern, text.replace('−', '-'))[1])

@pytest.mark.parametrize('flat', [False, True], ids=['in two splits', 'in none'])
def test_a_folder_of_ones_own_is_learnt_from(page, tmp_path, flat):
    data = load_digits(mnist())
    for digit in (4, 9):
        for i, at in enumerate((data.valid_y == digit).nonzero().flatten()[:40]):
            file = tmp_path/'mine'/('' if flat else ('valid' if i%4 == 0 else 'train'))/str(digit)/f'{i}.png'
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(data.valid_x[at].numpy()).save(file)
    place = panel(page, 'train')
    status = place.locator('.verdict')
    def choose(folder):
        with page.expect_file_chooser() as chooser: press(place, 'a folder of images …')
        chooser.value.set_files(folder)
    choose(tmp_path/'mine')
    place.get_by_text('the 60 images').first.wait_for()
    assert place.get_by_text('for a 4').count() and 'The 20 images' in place.inner_text()
    for _ in range(40): press(place, 'one step')
    assert number(status.inner_text(), r'([\d.]+)% of') > 75
    shutil.rmtree(tmp_path/'mine'/('9' if flat else 'train/9'))
    if not flat: shutil.rmtree(tmp_path/'mine'/'valid'/'9')
    choose(tmp_path/'mine')
    place.get_by_text('found 40 of 4').first.wait_for()

@pytest.mark.parametrize('kind', ['opaque', 'transparent', 'turned', 'large', 'paletted'])
def test_a_file_is_read_as_python_reads_it(page, kind, tmp_path):
    "What lies in a file is not what a browser shows: channels, how the camera was held, sizes"
    im, how = kinds['chalk']('5').resize((1040, 880)), dict(format='PNG')
    if kind == 'opaque': im = im.convert('RGBA')
    if kind == 'transparent': im = kinds['dark_alpha']('5')
    if kind == 'paletted': im = kinds['plain']('5').convert('P')
    if kind == 'turned':
        im = im.rotate(-90, expand=True)
        exif = Image.Exif()
        exif[0x0112] = 8 # turned to the left by a quarter, when it is shown
        how['exif'] = exif
    page.locator('canvas.pad').first.dispatch_event('drop', dict(dataTransfer=drop(page, f'{kind}.png', as_file(im, **how), 'image/png')))
    page.wait_for_function('window.course.draw.pad.marks[0]?.file')
    settle(page)
    seen = page.evaluate('[...window.course.draw.seen]')
    (tmp_path/'a.png').write_bytes(as_file(im, **how))
    off = np.abs(np.array(seen) - as_mnist(tmp_path/'a.png').flatten().numpy())
    assert off.max() <= 2 and (off > 0).mean() < .05

def test_it_learns_before_ones_eyes(page):
    place = panel(page, 'train')
    status = place.locator('.verdict')
    assert status.inner_text().startswith('Step 0,')
    press(place, 'one step')
    assert status.inner_text().startswith('Step 1,')
    press(place, 'go on')
    page.wait_for_function('Number(document.querySelector("[data-panel=train] .verdict").textContent.match(/Step (\\d+)/)[1]) > 40')
    press(place, 'pause')
    text = status.inner_text()
    assert number(text, r'([\d.]+)% of') > 90
    page.wait_for_timeout(300)
    assert status.inner_text() == text # it stands still
    press(place, '256')
    press(place, 'start over')
    for _ in range(3): press(place, 'one step')
    assert status.inner_text().startswith('Step 3, 1.0 times through the 600 images') # 256, 256, and the 88 that are left
    press(place, 'start over')
    assert status.inner_text().startswith('Step 0,') and place.get_by_role('button', name='start', exact=True).count()
    place.get_by_label('rate').fill('3')
    press(place, 'net')
    for _ in range(8): press(place, 'one step')
    assert 'where they are level' in status.inner_text() or 'out of all bounds' in status.inner_text()

def race(page, price):
    "Each runner's arrival at 97%, and the verdict"
    place = panel(page, 'race')
    place.get_by_role('slider').fill(str(price))
    assert 'A guess first' in place.locator('.verdict').inner_text()
    press(place, 'start the race')
    page.wait_for_function('!document.querySelector("[data-panel=race] button").disabled', timeout=60_000)
    lines = [o.inner_text() for o in place.locator('li').all()]
    arrivals = [number(o.replace(',', ''), r'after (\d+)') if 'after' in o else np.inf for o in lines]
    return arrivals, place.locator('.verdict').inner_text()

@pytest.mark.parametrize('view', ['desktop', 'calm'])
def test_the_race_is_won_by_few_at_a_time_unless_steps_cost(open_page, written, view):
    page = ready(open_page(written.file, **views[view]))
    (one, few, many, everything), said = race(page, 0)
    assert min(one, few) < many < everything and f'{min(one, few):,.0f} images' in said
    arrivals, said = race(page, 400)
    assert arrivals[0] > min(arrivals) and f'{min(arrivals):,.0f} images' in said

def test_the_point_walks_down_and_is_thrown_out_at_a_high_rate(page):
    place = panel(page, 'slope')
    status = place.locator('.verdict')
    for _ in range(3): press(place, 'one step')
    assert 'After 3 steps: loss 0.849' in status.inner_text() # 3.24 * .8**6
    press(place, 'start over')
    place.get_by_label('rate').fill('6')
    press(place, 'one step')
    assert 'it has arrived' in status.inner_text() # at a rate of 0.5, at once
    press(place, 'start over')
    place.get_by_label('rate').fill('13')
    for _ in range(4): press(place, 'one step')
    assert 'Thrown out' in status.inner_text()
    press(place, 'two hollows')
    place.get_by_label('rate').fill('3')
    for _ in range(40): press(place, 'one step')
    assert 'not the deeper one' in status.inner_text()
    press(place, 'level on both sides')
    assert 'level here, though not low' in status.inner_text()
    box = place.locator('svg').bounding_box()
    page.mouse.click(box['x'] + .6*box['width'], box['y'] + .5*box['height'])
    assert status.inner_text().startswith('Loss')

def test_the_valley_becomes_a_bowl(page, written):
    place, coaster = panel(page, 'valley'), written.state['coaster']
    status = place.locator('.verdict')
    time, speed = (torch.tensor(coaster[o]) for o in ('time', 'speed'))
    a, b, _ = coaster['start']
    rest = speed - a*time**2 - b*time
    assert status.inner_text() == f'Loss {rest.var(correction=0):,.0f}; the lowest there is: 7.30.' # 7.30 is chapter 2's
    place.get_by_role('slider', name='rate').fill('-3')
    press(place, 'one step')
    assert 'It grows' in status.inner_text()
    press(place, 'start over')
    place.get_by_role('slider', name='rate').fill('-5')
    for _ in range(40): press(place, 'one step')
    assert 'It hardly moves' in status.inner_text()
    place.get_by_label('measure time from the middle').check()
    assert status.inner_text() == f'Loss {rest.var(correction=0):,.0f}; the lowest there is: 7.30.' # the same curve
    for _ in range(40): press(place, 'one step')
    assert 'It has arrived' in status.inner_text()
    place.get_by_role('slider', name='a', exact=True).fill('5') # by keys as well
    assert 'has arrived' not in status.inner_text()

def test_accuracy_goes_in_stairs_and_gradients_flow_back(page):
    place = panel(page, 'staircase')
    seen = set()
    for move in np.linspace(-.1, .1, 9):
        place.get_by_role('slider').fill(f'{move:.5f}')
        seen.add(place.locator('.verdict').inner_text())
    assert len({re.search('Loss (.+?),', o)[1] for o in seen}) == 9
    assert 1 < len({re.search('Accuracy (.+?),', o)[1] for o in seen}) < 9
    assert all('slope 0: from where you stand' in o for o in seen)
    place = panel(page, 'graph')
    press(place, 'to the end')
    w, x, v, y, b = (torch.tensor(o, requires_grad=True) for o in (.6, .9, -.8, .5, .1))
    loss = 1 - torch.sigmoid(w*x + v*y + b)
    loss.backward()
    said = place.locator('svg').get_attribute('aria-label').replace('−', '-')
    for name, p in (('weight w', w), ('pixel x', x), ('weight v', v), ('pixel y', y), ('bias b', b)):
        assert f'{name}: {p.item():.3f}, gradient {p.grad.item():.3f}' in said
    assert f'loss = 1 - σ: {loss.item():.3f}' in said
    place.get_by_role('spinbutton', name='weight w').fill('0.7')
    assert f'changes by {.1*w.grad.item():.3f}' in place.locator('.verdict').inner_text().replace('−', '-')
    press(place, 'start over')
    press(place, 'to the end')
    press(place, 'step w, v and b, at rate 1')
    assert float(re.search(r'loss = 1 - σ: ([\d.]+)', place.locator('svg').get_attribute('aria-label').replace('−', '-'))[1]) < loss.item()

# ---- one's own ----

@pytest.fixture(scope='module')
def trained(written_subset, tmp_path_factory):
    "Files as the course writes them"
    folder, data = tmp_path_factory.mktemp('models'), load_digits(written_subset.full, cache=False)
    for recipe in ('linear', 'net', 'conv-quick', 'conv', 'conv-long', 'resnet'):
        model = recipes[recipe].make(10)
        Reader(recipe, model, [str(o) for o in range(10)], .9, 100, temperature=.05).save(folder/f'{recipe}.safetensors')
    x, y = binary(data.train_x[:100], data.train_y[:100])
    dls = DataLoaders(DataLoader(TensorPairs(x, y), 50), DataLoader(TensorPairs(x, y), 50))
    learn = Learner(dls, simple_net(), mnist_loss, SGD, path=folder, model_dir='.')
    with learn.no_logging(): learn.fit(1, .1)
    learn.save('learner')
    write_state(folder/'other.safetensors', dict(a=1))
    def changed(**how): # a net whose weights are not what they should be
        state = read_state(folder/'net.safetensors')
        state['model'].update({k.replace('_', '.'): v for k, v in how.items() if k != 'vocab'})
        return state | {k: v for k, v in how.items() if k == 'vocab'}
    write_state(folder/'diverged.safetensors', changed(**{'0_bias': torch.full((100,), float('nan'))}))
    write_state(folder/'misfit.safetensors', changed(**{'2_weight': torch.zeros(10, 7)}))
    write_state(folder/'names.safetensors', changed(vocab=['a', 'b']))
    from mnistlearn.digits import Looks
    wide = Looks(nn.Sequential(ConvLayer(1, 4, ks=5, pool=True), ConvLayer(4, 4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 10)))
    write_state(folder/'wide.safetensors', dict(reader=1, recipe='conv', vocab=[*'0123456789'], accuracy=.5, n_images=1, model=dict(wide.state_dict())))
    write_state(folder/'colour.safetensors', changed(**{'0_weight': torch.zeros(100, 3*784)}))
    import safetensors.torch
    safetensors.torch.save_file(dict(a=torch.zeros(3)), folder/'foreign.safetensors')
    whole = (folder/'net.safetensors').read_bytes()
    (folder/'half.safetensors').write_bytes(whole[:len(whole)//2])
    (folder/'harmed.safetensors').write_bytes(whole[:-5] + bytes([whole[-5] ^ 1]) + whole[-4:])
    (folder/'text.safetensors').write_text('Dear diary')
    (folder/'empty.safetensors').write_bytes(b'')
    return folder

@pytest.mark.parametrize('name', ['linear', 'net', 'conv-quick', 'conv', 'conv-long', 'learner'])
@torch.no_grad()
def test_a_model_of_ones_own_reads_with_the_others(page, trained, name):
    place = panel(page, 'yours')
    with page.expect_file_chooser() as chooser: press(place, 'choose one …')
    chooser.value.set_files(trained/f'{name}.safetensors')
    place.get_by_text('reads with the others now').wait_for()
    card = panel(page, 'draw').locator('.card').nth(4)
    assert f'{name}.safetensors' in card.inner_text()
    seen = page.evaluate('window.course.draw.readers[4].model.outputs(new Float32Array(784).fill(.3))')
    state = read_state(trained/f'{name}.safetensors')
    model = from_state(simple_net() if name == 'learner' else recipes[state['recipe']].make(10), state['model'])
    x = torch.full((1, 1, 28, 28), .3)
    want = model(x if 'conv' in name else x.flatten(1))[0]
    assert (torch.tensor(list(seen.values()) if isinstance(seen, dict) else seen) - want).abs().max() < 1e-4
    page.evaluate('window.course.draw.readers[4].read(new Float32Array(784).fill(.3))')
    p = sigmoid(want).item() if name == 'learner' else softmax(want/.05).max().item()
    shown = float(re.search(r'([\d.]+)%', card.locator('.answer').inner_text())[1])
    assert abs(shown - 100*max(p, 1 - p if name == 'learner' else 0)) < .11 # as `Reader.read` gives it

@pytest.mark.parametrize('name, words', [('resnet', 'a model that this page cannot compute'), ('wide', 'a model that this page cannot compute'), ('other', 'holds no model'), ('foreign', 'the course has not written it'),
    ('half', 'damaged: it ends before'), ('diverged', 'at too high a rate'), ('misfit', 'layers do not fit'), ('names', 'names for 2 classes'), ('colour', 'takes 2352 inputs'), ('harmed', 'checksum does not agree'), ('text', 'no safetensors file'), ('empty', 'too short')])
def test_a_file_of_another_kind_is_refused_in_words(page, trained, name, words):
    place = panel(page, 'yours')
    with page.expect_file_chooser() as chooser: press(place, 'choose one …')
    chooser.value.set_files(trained/f'{name}.safetensors')
    place.get_by_text(words).wait_for()
    assert place.locator('.drop .note').inner_text().startswith(f'{name}.safetensors cannot be used: ')
    assert panel(page, 'draw').locator('.card').count() == 4

def test_digits_are_collected_and_python_reads_the_folder(page, tmp_path):
    place = panel(page, 'yours')
    pad = place.locator('canvas.pad')
    pad.scroll_into_view_if_needed()
    press(place, 'keep it')
    assert 'all of one colour' in place.get_by_text('There is no digit').inner_text()
    assert place.get_by_role('button', name='download them').is_disabled()
    for i in range(10):
        draw(page, '37'[i%2], 1.2 + .03*i, pad=pad)
        press(place, 'keep it')
    press(place, 'undo') # what was kept does not come back
    press(place, 'keep it')
    assert 'all of one colour' in place.get_by_text('There is no digit').inner_text()
    assert place.locator('.thumbs li').count() == 10
    assert re.search('read (9|10) of 10 as you meant', place.inner_text())
    press(place, 'train on them, above')
    status = panel(page, 'train').locator('.verdict')
    assert 'the 8 images' in status.inner_text() and 'of the 2 others' in status.inner_text()
    press(panel(page, 'train'), 'the built-in images')
    assert 'the 600 images' in status.inner_text()
    place.get_by_role('button', name='remove this 3').first.click()
    assert 'Draw a 3 (10 of 20)' in place.inner_text() # of which there are fewer now
    with page.expect_download() as got: press(place, 'download them')
    got.value.save_as(tmp_path/'my_digits.zip')
    with zipfile.ZipFile(tmp_path/'my_digits.zip') as z:
        assert z.testzip() is None
        z.extractall(tmp_path)
    data = load_digits(tmp_path/'my_digits', cache=False)
    assert sorted(data.train_y.tolist() + data.valid_y.tolist()) == [3]*4 + [7]*5
    conv = page.evaluate('([text]) => window.course.pair.models.conv.outputs(Float32Array.from(atob(text), c => c.charCodeAt(0)/255))', [text(data.valid_x[0].numpy())])
    scores = list(conv.values()) if isinstance(conv, dict) else conv
    assert np.argmax(scores) == data.valid_y[0].item()

# ---- for everybody ----

@pytest.mark.parametrize('view', ['desktop', 'phone', 'dark'])
def test_axe_finds_nothing(open_page, written, view):
    axe = pytest.importorskip('axe_playwright_python.sync_playwright').Axe()
    page = ready(open_page(written.file, **views[view]))
    page.wait_for_timeout(1300)
    found = axe.run(page).response['violations']
    assert [(o['id'], [n['html'][:90] for n in o['nodes']][:3]) for o in found] == []

def test_without_javascript_there_is_a_sentence_and_still_pictures(open_page, written):
    page = open_page(written.file, java_script_enabled=False)
    assert page.locator('noscript strong').bounding_box()['height'] > 10
    assert 'which is switched off here' in page.locator('noscript').inner_text()
    assert page.locator('noscript img').count() == 4
    assert all(o.get_attribute('alt') for o in page.locator('noscript img').all())

def test_the_page_works_under_its_own_policy(open_page, written):
    "Which allows no request at all; the other tests lift it, since they run code of their own in the page"
    page = open_page(written.file, bypass_csp=False)
    page.locator('.card').first.wait_for()
    press(panel(page, 'draw'), 'clear')
    draw(page, '7', 1.4)
    page.wait_for_timeout(300)
    assert panel(page, 'draw').locator('.answer').nth(3).inner_text().startswith('a 7')
    press(panel(page, 'valley'), 'one step')
    press(panel(page, 'train'), 'one step')

def test_the_file_is_small_and_holds_all_it_needs(written):
    html = written.file.read_text(encoding='utf-8')
    assert len(html.encode()) < 1_500_000
    assert not re.search(r'(src|href)="(?!data:|#|https://github.com)', re.sub(r'<script.*?</script>', '', html, flags=re.S))

def test_writing_it_leaves_the_look_of_other_pictures_alone(written):
    plt.rcdefaults()
    before = dict(plt.rcParams)
    page_html(written.state)
    assert dict(plt.rcParams) == before and not plt.get_fignums()

def test_the_command_writes_it_and_refuses_what_cannot_be_written(tmp_path, written):
    from mnistlearn.apps import cli, page as module
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, 'page_state', lambda bar: written.state)
        assert cli.main(['page', str(tmp_path/'a.html')]) == 0
    assert (tmp_path/'a.html').read_text(encoding='utf-8').count('data-panel="draw"') == 1
    for wrong in (tmp_path, tmp_path/'none'/'a.html'):
        with pytest.raises(SystemExit) as stop: cli.main(['page', str(wrong)])
        assert stop.value.code == 2
