import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fileWrites } from '../../../analysis/text/file-writes';
import { httpAndTcpTargets } from '../../../analysis/text/network-targets';
import { type PythonValue, pythonSetting, readPython } from '../../../analysis/text/python';
import { pythonTokens } from '../../../analysis/text/python-tokens';
import { readShell } from '../../../analysis/text/shell';
import { textOf } from './generate';

describe('readPython', () => {
  it('reads settings', () => {
    const text = `import os
# SECRET = 'comment'
SECRET_KEY = os.environ['DJANGO_SECRET_KEY']
DEBUG = False
ALLOWED_HOSTS = os.getenv("HOSTS", "localhost").split(',')
INSTALLED_APPS = [
    'django.contrib.auth',  # why
    "rest_framework",
    'keys',
]
INSTALLED_APPS += ['more']
ROOT_URLCONF = 'key_vault.urls'
DATABASES = {
    'default': {
        'ENGINE': 'django.db.backends.postgresql',
        'NAME': os.environ.get('DB_NAME', 'key_vault'),
        'PORT': int(os.environ.get('DB_PORT', 5432)),
    }
}
os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'key_vault.settings')
os.environ['TZ'] = 'UTC'
if DEBUG == True:
    LONG = ('a'
            'b')
`;
    const program = readPython(text);
    assert.equal(shown(pythonSetting(program, 'SECRET_KEY')), '$DJANGO_SECRET_KEY');
    assert.equal(shown(pythonSetting(program, 'ROOT_URLCONF')), '"key_vault.urls"');
    assert.equal(shown(pythonSetting(program, 'DATABASES', 'default', 'ENGINE')), '"django.db.backends.postgresql"');
    assert.equal(shown(pythonSetting(program, 'DATABASES', 'default', 'NAME')), '$DB_NAME or "key_vault"');
    assert.equal(shown(pythonSetting(program, 'DATABASES', 'default', 'PORT')), '$DB_PORT or 5432');
    assert.equal(shown(pythonSetting(program, 'ALLOWED_HOSTS')), '$HOSTS or "localhost"');
    assert.equal(shown(pythonSetting(program, 'LONG')), '"ab"');
    assert.deepEqual(
      program.installedApps.map(app => app.text),
      ['django.contrib.auth', 'rest_framework', 'keys', 'more'],
    );
    assert.equal(at(text, program.installedApps[1]?.span), 'rest_framework');
    assert.deepEqual(
      program.environment.map(({ name, required, sets }) => [name, required, sets]),
      [
        ['DJANGO_SECRET_KEY', true, undefined],
        ['HOSTS', false, undefined],
        ['DB_NAME', false, undefined],
        ['DB_PORT', false, undefined],
        ['DJANGO_SETTINGS_MODULE', false, 'key_vault.settings'],
        ['TZ', false, 'UTC'],
      ],
    );
    assert.deepEqual(program.assignments.map(one => one.name).includes('SECRET'), false);
  });

  it('reads models, views and routes', () => {
    const text = `from django.db import models
class Key(models.Model):
    name = models.CharField(max_length=10)
    class Meta:
        pass
class KeySerializer(serializers.ModelSerializer, Mixin):
    pass
def health(request):
    def inner(): pass
async def other(request): pass
urlpatterns = [
    path('health/', views.health, name='health'),
    re_path(r'^keys/(\\d+)$', KeyView.as_view()),
    path("api/", include('keys.urls')),
    path('admin/', admin.site.urls),
]
router.register(r'keys', views.KeyViewSet)
`;
    const program = readPython(text);
    assert.deepEqual(
      program.classes.map(one => [one.name, one.bases.join(' '), one.isModel]),
      [
        ['Key', 'models.Model', true],
        ['Meta', '', false],
        ['KeySerializer', 'serializers.ModelSerializer Mixin', false],
      ],
    );
    assert.deepEqual(
      program.functions.map(one => one.name),
      ['health', 'other'],
    );
    assert.deepEqual(
      program.routes.map(one => [one.route.text, one.view, one.include]),
      [
        ['health/', 'views.health', undefined],
        ['^keys/(\\d+)$', 'KeyView', undefined],
        ['api/', undefined, 'keys.urls'],
        ['admin/', 'admin.site.urls', undefined],
        ['keys', 'views.KeyViewSet', undefined],
      ],
    );
  });

  it('reads files and connections', () => {
    const text = `
target = '/config/out.yaml'
with open('/tpl/in.yaml') as f, open(target, mode="w") as g: g.write(f.read())
Path('/a').write_text('x')
print(Path("/b").read_text())
shutil.copy('/c', '/d')
open(f'/e/{x}', 'w')
HOST = os.environ.get('CLAM_HOST', 'clamav')
s.connect((HOST, 3310))
socket.create_connection(('redis.ns', port), timeout=5)
`;
    const { files, connections } = readPython(text);
    assert.deepEqual(
      files.map(({ path, writes }) => `${writes ? 'writes' : 'reads'} ${path}`),
      ['reads /tpl/in.yaml', 'writes /config/out.yaml', 'writes /a', 'reads /b', 'writes /d'],
    );
    assert.equal(at(text, files[1]?.span), '/config/out.yaml');
    assert.deepEqual(
      connections.map(({ host, port }) => `${shown(host)} ${shown(port)}`),
      ['$CLAM_HOST or "clamav" 3310', '"redis.ns" port'],
    );
  });

  it('follows paths in variables, also behind a semicolon', () => {
    const text = `
conf = pathlib.Path('/conf')
conf.write_text(conf.read_text().replace('TOKEN', os.environ['TOKEN']))
import os; other = '/other'; open(other, 'w').write('x')
text = 'x'; text.strip()
`;
    assert.deepEqual(
      readPython(text).files.map(({ path, writes }) => `${writes ? 'writes' : 'reads'} ${path}`),
      ['writes /conf', 'reads /conf', 'writes /other'],
    );
  });

  it('takes part in scripts', () => {
    const script = `python3 - <<'EOF'
import os, socket
text = os.path.expandvars(open('/tpl/a.yaml').read())
open('/config/a.yaml', 'w').write(text)
socket.create_connection(("clamav.ns", 3310)).send(b"zINSTREAM\\0")
EOF
python3 -c "open('/b', 'w')"`;
    const [filled, opaque] = fileWrites(readShell(script));
    assert.deepEqual(
      [filled?.kind, filled?.to.path, opaque?.kind, opaque?.to.path],
      ['envsubst', '/config/a.yaml', 'opaque', '/b'],
    );
    assert.ok(filled?.kind === 'envsubst');
    assert.deepEqual(
      [filled.from.path, filled.keepsUndefined, at(script, filled.to.span)],
      ['/tpl/a.yaml', true, '/config/a.yaml'],
    );
    const [target, ...others] = httpAndTcpTargets(readShell(script));
    assert.deepEqual(
      [target?.host.value, target?.port?.value, at(script, target?.span), others],
      ['clamav.ns', '3310', 'clamav.ns', []],
    );
  });

  it('never throws, keeps its places inside and is quick', () => {
    const code = textOf([
      ...[
        'X = ',
        "'",
        '"',
        '"""',
        "r'",
        "f'",
        '[',
        ']',
        '(',
        ')',
        '{',
        '}',
        ',',
        ':',
        '\n',
        '    ',
        '#',
        '\\',
        'os.environ',
        "['A']",
        ".get('B'",
      ],
      ...[
        'open(',
        "'w'",
        'path(',
        'views.x',
        'class ',
        'def ',
        'A',
        '.',
        '=',
        '+=',
        'connect(',
        'int(',
        'Path(',
        '\r\n',
        'INSTALLED_APPS = ',
        'lambda x: ',
      ],
    ]);
    fc.assert(
      fc.property(code, text => {
        const program = readPython(text);
        for (const { nameSpan, value, name } of program.assignments) {
          assert.equal(at(text, nameSpan), name);
          assertInside(text, value.span);
        }
        for (const { span } of [...program.routes, ...program.files, ...program.connections, ...program.strings])
          assertInside(text, span);
        let end = 0;
        for (const token of pythonTokens(text)) {
          assert.ok(token.start >= end && token.end > token.start);
          if (token.kind !== 'string') assert.equal(text.slice(token.start, token.end), token.text);
          end = token.end;
        }
      }),
      { numRuns: 400 },
    );
    for (const part of ["path('a',", 'f(', '[', "open('a' + ", '{1:', '"""', "x = ['a',\n"]) {
      const started = performance.now();
      readPython(part.repeat(10_000));
      assert.ok(performance.now() - started < 1500, part);
    }
  });
});

function shown(value: PythonValue | undefined): string {
  switch (value?.kind) {
    case 'string':
      return JSON.stringify(value.text);
    case 'environment':
      return `$${value.name}${value.default ? ` or ${shown(value.default)}` : ''}`;
    case 'other':
      return value.text;
    default:
      return value?.kind ?? 'nothing';
  }
}

function assertInside(text: string, { start, end }: { start: number; end: number }): void {
  assert.ok(0 <= start && start <= end && end <= text.length, `${start}-${end} of ${text.length}`);
}

function at(text: string, span: { start: number; end: number } | undefined): string {
  return span ? text.slice(span.start, span.end) : 'no place';
}
