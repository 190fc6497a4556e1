import assert from 'node:assert/strict';
import fc from 'fast-check';
import { findPlaceholders, placeholderWords, type TextKind } from '../../../analysis/text/placeholders';
import { textOf } from './generate';

describe('findPlaceholders', () => {
  /** Every `«…»` is a placeholder of the class that the section is about, and nothing else is one. */
  const samples: readonly (readonly [string, readonly (readonly [TextKind, string])[]])[] = [
    [
      'change-me',
      [
        ['value', '«CHANGEME»'],
        ['value', '«CHANGEME_SECURE_DB_PASSWORD»'],
        ['value', '«change-me»'],
        ['value', '«change me»'],
        ['value', '"«Change me»"'],
        ['value', 'please change me later'],
        ['value', 'https://nbg1.your-objectstorage.com'],
        ['value', 'u1.your-storagebox.de mail.your-server.de'],
        ['value', '«CHANGE ME» NOW'],
        ['value', '«CHANGE_ME_32_CHARS»'],
        ['value', '«changeMePlease»'],
        ['value', '«change_to_secure_password»'],
        ['value', '«CHANGETHIS»'],
        ['value', 'sk-live-«x»'.replace('sk-live-«x»', '«sk-live-CHANGEME»')],
        ['value', '«REPLACE_WITH_YOUR_TOKEN»'],
        ['value', '«replace-me»'],
        ['value', 'FIXME later'],
        ['value', ' «TODO»\n'],
        ['value', "'«fixme»'"],
        ['value', '«INSERT_KEY_HERE»'],
        ['value', '«insert-your-token-here»'],
        ['value', '«YOUR_MAPTILER_KEY»'],
        ['value', 'https://h/?key=«YOUR_KEY»&x=1'],
        ['value', '«YourTokenHere»'],
        ['value', '«yourPassword»'],
        ['value', '«your-api-key»'],
        ['value', '«YOURKEY»'],
        ['value', '«xxx»'],
        ['value', '«XXXXXXXX-XXXX-XXXX»'],
        ['value', 'xxx.txt'],
        ['value', 'ed25519 «a_XXXX» «CHANGEME_SIGNING_KEY»'],
        ['value', 'registry.local/«CHANGEME_IMAGE»:latest'],
        // Ordinary words and options that only begin alike.
        ['value', 'unchangeme changement change_metrics CHANGE_METHOD replacement REPLACED exchange-method'],
        ['value', 'yours YOURS YOURSELF yourself youth insert_final_newline insert_client_ip xx maxxx'],
        [
          'yaml',
          'key: «CHANGEME»\nlist: [«CHANGEME», "«CHANGE_ME»"]\n- «xxx»\nnote: xxx marks it\ntodo: TODO and more\n',
        ],
        ['yaml', '«CHANGEME_API_KEY»: «CHANGEME_API_SECRET»\n'],
        ['json', '{"a": "«CHANGEME»", "b": "«TODO»", "TODO": 1}'],
        ['conf', 'requirepass «CHANGEME»\nmasterauth «xxx»\nuser todo list\n'],
        ['conf', 'export CHANGEME_X="«CHANGEME»"\nCHANGEME_Y = 1\n'],
        ['ini', 'secret_access_key = «CHANGEME»\n'],
        ['sql', "ALTER ROLE a PASSWORD '«CHANGEME»'; INSERT INTO b VALUES ('«xxx»', 'xxx y');"],
        [
          'python',
          'CHANGEME_COUNT = 0\nKEY = "«CHANGEME»" # CHANGEME\nX = os.environ["CHANGEME_X"]\nY = os.getenv(\'CHANGEME_Y\')\n',
        ],
        ['shell', 'CHANGEME_COUNT=0\nexport CHANGEME_A\necho "$CHANGEME_COUNT ${CHANGEME_B:-1} ${#CHANGEME_C}"\n'],
        ['shell', 'N=$((CHANGEME_COUNT + 1))\nfor CHANGEME_F in a; do read -r CHANGEME_G; done\n'],
        ['shell', 'PASSWORD=«CHANGEME»\nmysql --password="«CHANGEME_NOW»"\nX=«todo»; Y="«xxx»"\n'],
        ['shell', 'grep -rn CHANGEME . | wc -l; sed -i "s/CHANGEME/$P/; s|REPLACE_ME|$Q|" f\n'],
        [
          'shell',
          'if [ "$P" = "CHANGEME" ]; then exit 1; fi\n[[ $P == CHANGEME* ]] && exit\ncase $P in CHANGEME*) exit;; esac\n',
        ],
        ['prometheus', 'summary: «CHANGEME» {{ $labels.pod }}\n'],
      ],
    ],
    [
      'token',
      [
        ['value', '«REDIS_PASSWORD_PLACEHOLDER»'],
        ['value', 'redis://:«PASSWORD_PLACEHOLDER»@redis:6379'],
        ['value', '«__DB_PASSWORD__» __init__ __name__ password_placeholder PLACEHOLDER_X X_PLACEHOLDERS'],
        ['value', '«@@DB_HOST@@» user@@host @@lower@@'],
        ['value', '«@DB_HOST@» p@SS@word admin@HOST @lower@ @ADMIN:tessera.test !@AB@'],
        ['value', 'postgres://«@DB_USER@»:«@DB_PASSWORD@»@«@DB_HOST@»:5432/synapse'],
        ['haproxy', 'server main ipv4@10.0.0.1:80\nserver redis «@REDIS_HOST@»:6379\n'],
        ['shell', 'sed -e "s|@DB_HOST@|${DB_HOST}|g" a > b\n'],
        ['yaml', 'keys:\n  «API_KEY_PLACEHOLDER»: «API_SECRET_PLACEHOLDER»\n'],
        ['conf', 'requirepass «REDIS_PASSWORD_PLACEHOLDER»\n'],
        ['yaml', 'key_id: «APNS_KEY_ID_FROM_SECRET»\n'],
        ['shell', 'sed -e "s|X_PLACEHOLDER|${X}|g" -e \'s/__Y__/1/\' a > b\nX_PLACEHOLDER=1\n'],
        ['shell', 'cat > a <<EOF\npassword: «X_PLACEHOLDER»\nEOF\n'],
      ],
    ],
    [
      'env',
      [
        ['value', '«${DB_PASSWORD}» «$DB_HOST» «$(POD_NAME)» «{{ DOMAIN }}» «${a:-b}»'],
        ['value', '$$(ESCAPED) $$ESCAPED \\${ESCAPED} pa$WORD $(hostname) $1 $lower {{lower}} {{ .Values.x }} $X'],
        ['yaml', 'password: «${DB_PASSWORD}»\nregex: ^a$\npostgres://u:«${P}»@«${H}»:5432\n'],
        ['ini', 'access_key_id = «${S3_ACCESS_KEY}»\n'],
        ['shell', 'echo ${A} $B "$(C)" {{D}}\n'],
        [
          'haproxy',
          'server a «${HOST}»:1 "${PORT}" "$USER" \'«${X}»\'\nhttp-request set-header X %[src] %{+Q}o %[env(Y)]\n',
        ],
        [
          'nginx',
          'proxy_set_header Host $host; set $a ${b}; listen «${NGINX_PORT}»; server_name «$DOMAIN»; rewrite ^(.*)$ /$1;',
        ],
        ['sql', "DO $$ BEGIN PERFORM $1, $BODY$ x $BODY$; END $$; ALTER ROLE a PASSWORD '«${P}»' '«$PASSWORD»';"],
        ['prometheus', 'expr: rate(x{pod="$pod"}[$__interval]) ${DS_PROMETHEUS} {{ $labels.pod }} {{instance}}\n'],
        ['python', 'a = "«${DB_HOST}»" + "$X" + f"${PRICE}" + "{{NAME}}"\n${CODE}\n'],
      ],
    ],
    [
      'angle',
      [
        ['value', '«<base64-encoded-password>»'],
        ['value', '"«<password>»"'],
        ['value', 'postgres://«<user>»:«<password>»@«<your-host>»/db'],
        ['value', 'Bearer «<your-token>»'],
        ['value', '«<YOUR_PASSWORD>»'],
        ['value', '<b>bold</b> <br> <note>x</note> (?P<level>a) (?<name>b) List<string> a <= b, c > d, <a href="x">'],
        ['value', 'Matrix <noreply@matrix.org>'],
        ['yaml', 'password: «<password>»\nemail: «<your-email>»@matrix.org\nusage: run <name> twice\n'],
        ['conf', 'requirepass «<password>»\n'],
        [
          'shell',
          'TOKEN="«<token>»"\nsort <input>output\ncurl https://«<your-domain>»/\necho "usage: $0 <name> <file>"\n',
        ],
        ['sql', "SELECT a <b AND c> d; ALTER ROLE a PASSWORD '«<password>»';"],
        ['python', 'path("<str:key>/", view)\nx = a <b> c\nKEY = "«<secret-key>»"\n'],
        ['prometheus', 'text: <value>\n'],
      ],
    ],
    [
      'domain',
      [
        ['value', '«matrix.example.com»'],
        [
          'value',
          'https://«example.org»:8448/x @admin:«example.net» «*.example.com» ops@«example.com». .«example.com»',
        ],
        ['value', 'myexample.com my-example.com example.community example.com.evil.org matrix.example.com-tls example'],
        ['value', '«matrix.yourdomain.com» «your-domain.org» «chat.your-company.de» «host.test.invalid» «hs.example»'],
        ['value', 'config.env.example /etc/x.example com.example homeserver.yaml.example'],
        ['value', 'https://«livekit.CHANGE_TO_YOUR_DOMAIN»/x'],
        ['value', '«CHANGE_TO_YOUR_DOMAIN»'],
        ['value', '«matrix.YOUR_DOMAIN»'],
        ['haproxy', 'option httpchk GET /health HTTP/1.1\\r\\nHost:\\ «matrix.example.com»\n'],
        ['nginx', 'server_name «matrix.example.com»;'],
        ['shell', 'curl https://«matrix.example.com»/ | grep example.com\n'],
        ['python', 'ALLOWED_HOSTS = ["«matrix.example.com»"]\nfrom a.example import b\n'],
        ['sql', "SELECT '@a:«example.com»'"],
        ['prometheus', 'runbook_url: https://«runbooks.example.com»/a\n'],
      ],
    ],
  ];

  for (const [kind, texts] of samples) {
    describe(`finds ${kind}`, () => {
      for (const [where, marked] of texts) {
        it(`in ${where}: ${marked.trim().split('\n')[0]}`, () => {
          for (const sample of [marked, marked.replaceAll('\n', '\r\n')]) {
            const text = sample.replace(/[«»]/g, '');
            const expected = [...sample.matchAll(/«([^»]*)»/g)].map(match => `${kind} ${match[1]}`);
            assert.deepEqual(
              findPlaceholders(text, where).map(one => `${one.class} ${one.text}`),
              expected,
            );
          }
        });
      }
    });
  }

  it('names the variable that is to be put in', () => {
    const text = '${A:-x} $BB $(C) {{ D }} E_PLACEHOLDER __F__ @@G@@ @GGG@ H_FROM_SECRET CHANGEME';
    assert.deepEqual(
      findPlaceholders(text, 'value').map(one => one.variable),
      ['A', 'BB', 'C', 'D', 'E', 'F', 'G', 'GGG', 'H', undefined],
    );
  });

  it('names the part of a host that is to be replaced', () => {
    const text = 'Matrix.Example.com a.b.yourdomain.com c.CHANGE_TO_YOUR_DOMAIN d.e.invalid sub.mine.org';
    const found = findPlaceholders(text, 'value', ['mine.org']);
    assert.deepEqual(
      found.map(one => one.domain),
      ['Example.com', 'yourdomain.com', 'CHANGE_TO_YOUR_DOMAIN', 'e.invalid', 'mine.org'],
    );
    for (const { span, domain } of found) assert.ok(text.slice(0, span.end).endsWith(domain ?? '?'));
    assert.deepEqual(findPlaceholders('sub.mine.org', 'value'), []);
  });

  it('reports places in order, without overlap, and as they are written', () => {
    fc.assert(
      fc.property(fc.constantFrom(...kinds), placeholderText, (kind, text) => {
        let end = 0;
        for (const { span, text: written, domain } of findPlaceholders(text, kind)) {
          assert.ok(span.start >= end && span.end > span.start && span.end <= text.length);
          assert.equal(text.slice(span.start, span.end), written);
          assert.ok(written.endsWith(domain ?? ''));
          end = span.end;
        }
      }),
      { numRuns: 600 },
    );
  });

  it('needs time in proportion to the text', () => {
    for (const kind of kinds) {
      for (const part of [
        'CHANGEME ',
        '_YOUR',
        '<a',
        '<',
        '${',
        '$(',
        '{{ ',
        '...',
        '-',
        'a.',
        'xxx ',
        'A_PLACEHOLDER,',
        '"',
      ]) {
        const text = part.repeat(6000);
        const started = performance.now();
        findPlaceholders(text, kind);
        assert.ok(performance.now() - started < 1000, `${kind} ${part}`);
      }
    }
  });
});

const kinds: readonly TextKind[] = [
  'value',
  'yaml',
  'json',
  'shell',
  'python',
  'sql',
  'haproxy',
  'nginx',
  'ini',
  'conf',
  'prometheus',
];

const placeholderText = textOf([
  ...['CHANGEME', 'change me', 'CHANGE_TO_', 'YOUR', '_', 'X', 'xxx', 'TODO', 'a_XXXX', 'INSERT_', 'REPLACE'],
  ...['_PLACEHOLDER', '__', '@@', '_FROM_SECRET', '${', '}', '$', '$(', ')', '{{', '}}', ':-', '<', '>', '</'],
  ...[
    'example.com',
    '.',
    'example',
    'yourdomain',
    'DOMAIN',
    '/',
    ':',
    '@',
    '"',
    "'",
    '=',
    ' ',
    '\n',
    '\r\n',
    '-',
    '#',
    's/',
    '\\',
  ],
  ...['grep ', 'export ', 'f"', '"""'],
]);

describe('placeholderWords', () => {
  it('says the words and not what looks generated behind them', () => {
    for (const word of [
      'CHANGEME',
      'CHANGE_ME',
      'changeme',
      'CHANGEME_S3_PASSWORD',
      '<your-password>',
      'Change-Me',
      'xxxx',
      'YOUR KEY',
    ])
      assert.equal(placeholderWords(word), word);
    assert.equal(placeholderWords('CHANGEME_F5eZJLfUKeZZGs'), 'CHANGEME_…');
    assert.equal(placeholderWords('CHANGEME-36v65DfdXGnzLE'), 'CHANGEME-…');
    assert.equal(placeholderWords('CHANGEME_qGnxpGRRaGTy'), 'CHANGEME_…');
  });
});
