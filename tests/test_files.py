"Files are written whole, by whoever writes them at the same time"
import os, subprocess, sys, threading

import pytest

from mnistlearn.base.files import cache_folder, write_whole
from system import posix

contents = [bytes([i])*20_000 for i in range(8)]

def test_writers_on_one_path_do_not_disturb_each_other(tmp_path):
    "Two threads, 300 writes, and a reader all the while: with one temporary name for all, 72 of them failed"
    file, errors, torn, done = tmp_path/'file', [], [], threading.Event()
    write_whole(file, contents[0])
    def write(k):
        for i in range(150):
            try: write_whole(file, contents[(i + k)%len(contents)])
            except Exception as e: errors.append(e)
    def read():
        while not done.is_set():
            if (data := file.read_bytes()) not in contents: torn.append(len(data))
    reader, writers = threading.Thread(target=read), [threading.Thread(target=write, args=(k,)) for k in range(2)]
    for o in (reader, *writers): o.start()
    for o in writers: o.join()
    done.set()
    reader.join()
    assert (errors, torn, os.listdir(tmp_path)) == ([], [], ['file'])

def test_processes_on_one_path_do_not_disturb_each_other(tmp_path):
    code = 'import sys; from mnistlearn.base.files import write_whole\nfor i in range(60): write_whole(sys.argv[1], bytes([int(sys.argv[2])])*20_000)'
    running = [subprocess.Popen([sys.executable, '-c', code, tmp_path/'file', str(k)]) for k in range(3)]
    assert [o.wait() for o in running] == [0, 0, 0]
    assert (tmp_path/'file').read_bytes() in contents and os.listdir(tmp_path) == ['file']

def test_what_was_there_stays_when_a_write_fails(tmp_path, monkeypatch):
    write_whole(tmp_path/'file', b'old')
    def full(*args): raise OSError(28, 'No space left on device')
    monkeypatch.setattr(os, 'fsync', full)
    with pytest.raises(OSError, match='could not write .*file .*No space left.*as it was'): write_whole(tmp_path/'file', b'new')
    assert (tmp_path/'file').read_bytes() == b'old' and os.listdir(tmp_path) == ['file']

@posix
def test_permissions_are_the_usual_ones_or_those_that_the_file_has(tmp_path):
    (tmp_path/'usual').write_text('')
    write_whole(tmp_path/'new', b'')
    assert (tmp_path/'new').stat().st_mode == (tmp_path/'usual').stat().st_mode
    (tmp_path/'usual').chmod(0o640)
    write_whole(tmp_path/'usual', b'1')
    assert (tmp_path/'usual').stat().st_mode & 0o777 == 0o640

def test_a_file_with_a_long_name_and_one_in_a_new_folder(tmp_path):
    for file in (tmp_path/('x'*240), tmp_path/('数'*80), tmp_path/'a'/'b'/'c'):
        write_whole(file, b'1')
        assert file.read_bytes() == b'1'

def test_only_the_first_process_writes(tmp_path, monkeypatch):
    monkeypatch.setenv('RANK', '1')
    write_whole(tmp_path/'file', b'1')
    assert os.listdir(tmp_path) == []

def test_the_cache_is_where_it_can_be_written(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path/'cache'))
    assert cache_folder() == tmp_path/'cache'/'mnistlearn'
    (tmp_path/'file').write_text('')
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path/'file'))
    assert cache_folder().name == 'mnistlearn-cache' and cache_folder().is_dir()

@posix
def test_a_link_stays_a_link(tmp_path):
    (tmp_path/'real').write_bytes(b'old')
    (tmp_path/'link').symlink_to(tmp_path/'real')
    write_whole(tmp_path/'link', b'new')
    assert (tmp_path/'link').is_symlink() and (tmp_path/'real').read_bytes() == b'new'

@posix
def test_what_a_killed_writer_left_is_removed_by_the_next_one(tmp_path):
    code = 'import os, sys; from mnistlearn.base.files import write_whole\nos.replace = lambda *args: os.kill(os.getpid(), 9)\nwrite_whole(sys.argv[1], b"1")'
    subprocess.run([sys.executable, '-c', code, tmp_path/'file'])
    assert len(os.listdir(tmp_path)) == 1
    write_whole(tmp_path/'file', b'2')
    assert os.listdir(tmp_path) == ['file']

@posix
def test_what_a_process_left_is_removed_though_its_parent_has_not_asked_for_it(tmp_path):
    "Such a process still has its number, in a container for seconds"
    code = 'import os, sys; from mnistlearn.base.files import _part_name; print(_part_name(b"file")); sys.stdout.flush(); os._exit(0)'
    p = subprocess.Popen([sys.executable, '-c', code], stdout=subprocess.PIPE, text=True)
    part = tmp_path/p.stdout.read().strip() # it has ended, and nobody has waited for it
    os.waitid(os.P_PID, p.pid, os.WEXITED | os.WNOWAIT)
    part.write_bytes(b'half')
    write_whole(tmp_path/'file', b'whole')
    p.wait()
    assert os.listdir(tmp_path) == ['file']
