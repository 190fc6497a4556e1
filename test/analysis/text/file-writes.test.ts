import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { FileWrite } from '../../../analysis/text/file-steps';
import { fileWrites } from '../../../analysis/text/file-writes';
import { replacedBy, type SedSubstitution } from '../../../analysis/text/sed-script';
import { readShell } from '../../../analysis/text/shell';
import { shellText } from './generate';

describe('fileWrites', () => {
  it('follows a template that is copied and filled in', () => {
    const script = [
      'set -e',
      'cp /mnt/config/redis.conf /data/redis.conf',
      'sed -i "s/PW_PLACEHOLDER/${REDIS_PASSWORD}/g" /data/redis.conf',
      'echo "masterauth ${REDIS_PASSWORD}" >> /data/redis.conf',
    ].join('\n');
    assert.deepEqual(described(script), [
      'copy /mnt/config/redis.conf → /data/redis.conf',
      'substitute /data/redis.conf → /data/redis.conf: s PW_PLACEHOLDER → $REDIS_PASSWORD (g)',
      'append /data/redis.conf: "masterauth " $REDIS_PASSWORD "\\n"',
    ]);
    const [, substitute, append] = fileWrites(readShell(script));
    assert.ok(substitute?.kind === 'substitute' && append?.kind === 'append');
    const [command] = substitute.commands;
    assert.ok(command?.kind === 'substitute');
    assert.equal(at(script, command.pattern.span), 'PW_PLACEHOLDER');
    assert.equal(at(script, command.replacement.span), '${REDIS_PASSWORD}');
    assert.equal(at(script, command.replacement.variables[0]?.span), '${REDIS_PASSWORD}');
    assert.equal(at(script, append.content[0]?.span), 'masterauth ');
    assert.equal(at(script, append.to.span), '/data/redis.conf');
    assert.equal(at(script, append.span), 'echo "masterauth ${REDIS_PASSWORD}" >> /data/redis.conf');
  });

  const cases: readonly [string, string, readonly string[]][] = [
    [
      'copies into a folder',
      'cp a b /c/; cp -t /d e; cp f g/; install -m 600 h i; mv j k; ln -s l m',
      [
        'copy a → /c/a',
        'copy b → /c/b',
        'copy e → /d/e',
        'copy f → g/f',
        'copy h → i (or i/h)',
        'copy j → k (or k/j)',
        'remove j',
        'copy l → m (or m/l)',
      ],
    ],
    ['copies what is in a folder', 'cp -r /t/. /c/; cp /u/* /c', ['copy /t → /c', 'copy /u/* → /c/*']],
    [
      'reads a here-document',
      "cat <<EOF > a\nx $Y\nEOF\ncat > b <<'EOF'\nx $Y\nEOF\n",
      ['write a: "x " $Y "\\n"', 'write b: "x $Y\\n"'],
    ],
    ['joins files', 'cat a > b; cat a - c > d <<< "$E"', ['copy a → b', 'write d: <a> $E "\\n" <c>']],
    [
      'reads printf',
      'printf "%s=%s\\n" k "$V" l w > a; printf "50%%\\t" >> a',
      ['write a: "k" "=" $V "\\n" "l" "=" "w" "\\n"', 'append a: "50" "%" "\\t"'],
    ],
    [
      'reads echo',
      'echo -n a "$B" > c; echo -e "d\\ne" > c; echo "f\\n" > c',
      ['write c: "a" " " $B', 'write c: "d" "\\n" "e" "\\n"', 'write c: "f\\\\n" "\\n"'],
    ],
    [
      'reads groups',
      '{ cat a; echo "$B"; } > c; ( echo d; echo e ) >> f',
      ['copy a → c', 'append c: $B "\\n"', 'append f: "d" "\\n"', 'append f: "e" "\\n"'],
    ],
    ['reads tee', 'echo "$A" | tee b | sudo tee -a c > /dev/null', ['write b: $A "\\n"', 'append c: $A "\\n"']],
    [
      'reads sed',
      'sed -e "s|a|$B|g" -e "s#c#$D#" e > f; sed -i.bak -E \'s/\\$\\{G\\}/${H}/\' i j; sed -f k -i l',
      [
        'substitute e → f: s a → $B (g), s c → $D',
        'substitute i → i: s ${G} → "${H}" (unexpanded H)',
        'substitute j → j: s ${G} → "${H}" (unexpanded H)',
        'opaque sed → l',
      ],
    ],
    ['reads pipelines', 'cat a | sed s/b/c/ | envsubst > d', ['substitute a → d: s b → "c"', 'envsubst d → d: all']],
    [
      'reads pipelines that end in a file with more',
      '{ sed s/b/c/ a; echo d; } | envsubst > e; sed s/b/c/ a >> f',
      [
        'substitute a → pipe:1: s b → "c"',
        'write e: <pipe:1> "d" "\\n"',
        'envsubst e → e: all',
        'substitute a → pipe:2: s b → "c"',
        'append f: <pipe:2>',
      ],
    ],
    [
      'reads envsubst',
      "envsubst < a > b; envsubst '$C ${D}' < a > b; envsubst \"$E\" < a > b; cat <<'EOF' | envsubst > f\n$G\nEOF\n",
      [
        'envsubst a → b: all',
        'envsubst a → b: C D',
        'envsubst a → b: unknown',
        'write f: "$G\\n"',
        'envsubst f → f: all',
      ],
    ],
    [
      'reads stand-ins for envsubst',
      `perl -pe 's/\\$\\{(\\w+)\\}/$ENV{$1}/ge' < a > b
      python3 -c 'import os,sys;sys.stdout.write(os.path.expandvars(sys.stdin.read()))' < a > b`,
      ['envsubst a → b: all', 'envsubst a → b: all, keeps undefined'],
    ],
    [
      'reads perl',
      "perl -pi -e 's/A_PLACEHOLDER/$ENV{A}/g' b; perl -i -ne 'print' c",
      ['substitute b → b: s A_PLACEHOLDER → $A (g)', 'opaque perl → c'],
    ],
    [
      'does not guess what programs write',
      'awk 1 a > b; yq -i .c=1 d; jq . e | tee f; hostname > g; curl -sSLo h http://i; wget -qO j http://k',
      ['opaque awk → b', 'opaque yq → d', 'opaque jq → f', 'opaque hostname → g', 'opaque curl → h', 'opaque wget → j'],
    ],
    [
      'knows what makes folders of files',
      'git clone https://h/x.git; tar xzf a.tgz -C /b; pip install --target=/c d; cd /e; django-admin startproject f .',
      ['opaque git → x/', 'opaque tar → /b/', 'opaque pip → /c/', 'opaque django-admin → /e/'],
    ],
    [
      'empties and touches files',
      '> a; : > b; touch c; truncate -s 0 d',
      ['write a:', 'write b:', 'append c:', 'write d:'],
    ],
    [
      'leaves out what is no file of the container',
      'echo a > /dev/null; ls 2> b; echo c >&2; kubectl exec p -- sh -c "echo d > e"; cat < f',
      [],
    ],
    [
      'resolves variables',
      'C=/etc/x; D="$C.d"; echo a > "$D/b"; E=${E:-/e}; echo c > $E/f; echo g > "$H/i"',
      ['write /etc/x.d/b: "a" "\\n"', 'write /e/f (default): "c" "\\n"', 'write ${H}/i (unknown): "g" "\\n"'],
    ],
    [
      'resolves a variable that stands for another',
      'P="$REDIS_PASSWORD"; sed -i "s/A/$P/" f',
      ['substitute f → f: s A → $REDIS_PASSWORD'],
    ],
    [
      'goes through for',
      'for f in a b; do cp /t/$f.tpl /c/$f; done; L=(c d); for f in "${L[@]}"; do touch $f; done',
      ['copy /t/a.tpl → /c/a (or /c/a/a.tpl)', 'copy /t/b.tpl → /c/b (or /c/b/b.tpl)', 'append c:', 'append d:'],
    ],
    [
      'goes through for with a pattern',
      'for f in /t/*.tpl; do n=$(basename "$f" .tpl); envsubst < "$f" > "/c/$n"; cp "$f" "/d/${f##*/}"; done',
      ['envsubst /t/*.tpl → /c/*: all', 'copy /t/*.tpl → /d/*.tpl'],
    ],
    [
      'enters functions',
      'put() { sed -i "s|$1|$2|g" "${3:-/c/f}"; }; put A_P "$A"; put B_P "$B" g',
      ['substitute /c/f → /c/f: s A_P → $A (g)', 'substitute g → g: s B_P → $B (g)'],
    ],
    [
      'follows cd',
      'cd /app && mkdir -p x; cat > a.py < b; (cd x; touch c); touch d',
      ['copy /app/b → /app/a.py', 'append /app/x/c:', 'append /app/d:'],
    ],
    [
      'forgets what a branch may have changed',
      'X=a; if t; then X=b; fi; touch $X; [ -z "$Y" ] && Y=c; touch $Y',
      ['append ${X} (unknown):', 'append c (default):'],
    ],
    [
      'says what is conditional',
      'if t; then touch a; else touch b; fi; [ -f c ] || touch d; touch e && touch f; touch g || true',
      ['append a?:', 'append b?:', 'append d?:', 'append e:', 'append f:', 'append g!:'],
    ],
    [
      'reads scripts inside',
      'sh -c \'echo "$A" > b\'; bash -c "echo \\"$A\\" > c"',
      ['write b: $A "\\n"', 'write c: $A "\\n"'],
    ],
  ];
  for (const [title, script, expected] of cases) it(title, () => assert.deepEqual(described(script), expected));

  it('points at the text that a variable holds', () => {
    const script = 'CONF=/etc/x.conf\nsed -i s/a/b/ "$CONF"';
    const [write] = fileWrites(readShell(script));
    assert.equal(at(script, write?.to.span), '/etc/x.conf');
  });

  it('keeps the places of a here-document', () => {
    const script = 'cat > worker.yaml <<EOF\nname: a_${HOSTNAME}\nport: \\$P\nEOF\n';
    const [write] = fileWrites(readShell(script));
    assert.ok(write?.kind === 'write');
    assert.deepEqual(
      write.content.map(piece => at(script, piece.span)),
      ['name: a_', '${HOSTNAME}', '\nport: ', '\\$', 'P\n'],
    );
    assert.deepEqual(
      write.content.map(piece => (piece.kind === 'text' ? piece.verbatim : piece.kind)),
      [true, 'variable', true, false, true],
    );
  });

  it('says whether the script itself gives a variable a value', () => {
    const script = 'A=$(hostname); echo "$A $B" > c';
    const [write] = fileWrites(readShell(script));
    assert.ok(write?.kind === 'write');
    assert.deepEqual(
      write.content.filter(piece => piece.kind === 'variable').map(piece => [piece.name, piece.assigned]),
      [
        ['A', true],
        ['B', false],
      ],
    );
  });

  it('never throws and keeps its places inside, and is quick on long scripts', () => {
    fc.assert(
      fc.property(shellText, text => {
        for (const write of fileWrites(readShell(text))) {
          assert.ok(write.span.start >= 0 && write.span.end <= text.length);
          assert.ok(write.to.span.start >= 0 && write.to.span.end <= text.length);
          if (write.kind !== 'write' && write.kind !== 'append') continue;
          for (const piece of write.content) {
            assert.ok(piece.span.start >= 0 && piece.span.end <= text.length);
            if (piece.kind === 'text' && piece.verbatim) assert.equal(at(text, piece.span), piece.text);
          }
        }
      }),
      { numRuns: 300 },
    );
    const bomb = `X=a\n${'X=$X$X\n'.repeat(64)}${'for i in 1 2 3 4 5 6 7 8 9; do echo $i; '.repeat(9)}${'done; '.repeat(9)}f() { f; f; }; f`;
    const started = performance.now();
    fileWrites(readShell(bomb));
    assert.ok(performance.now() - started < 2000);
  });
});

describe('replacedBy', () => {
  it('finds the first or all matches of a line', () => {
    assert.deepEqual(matches('s/a/b/', 'a a\na a\n'), [0, 4]);
    assert.deepEqual(matches('s/a/b/g', 'a a\na a\n'), [0, 2, 4, 6]);
    assert.deepEqual(matches('s/A/b/I', 'xa'), [1]);
  });

  it('knows which patterns are plain text', () => {
    const literals: Record<string, string | undefined> = {
      's/a.b/x/': 'a.b',
      's/a\\/b/x/': 'a/b',
      's|a/b|x|': 'a/b',
      's/${A}/x/': '${A}',
      's/\\$A/x/': '$A',
      's/^a/x/': undefined,
      's/a$/x/': undefined,
      's/a*/x/': undefined,
      's/[a/]b/x/': undefined,
      's/a\\+/x/': undefined,
    };
    for (const [script, literal] of Object.entries(literals))
      assert.equal(substitution(script).pattern.literal, literal, script);
    assert.equal(substitution('s/a{2}/x/', '-E').pattern.literal, undefined);
    assert.equal(substitution('s/\\$\\{A\\}/x/', '-E').pattern.literal, '${A}');
  });

  it('reads addresses, flags and unfinished commands', () => {
    assert.equal(substitution('/^a/,/b/ s/c/d/g').address, '/^a/,/b/');
    assert.equal(substitution('$!s/c/d/').address, '$!');
    assert.equal(substitution('s/c/d/2gI').flags, '2gI');
    assert.equal(substitution('s/c/d').complete, false);
    assert.equal(
      substitution('s,c,\\,&\\1,')
        .replacement.pieces.map(piece => piece.kind)
        .join(' '),
      'text match match',
    );
  });

  function matches(script: string, text: string): readonly number[] {
    return replacedBy(substitution(script), text).map(span => span.start);
  }

  function substitution(script: string, option = ''): SedSubstitution {
    const [write] = fileWrites(readShell(`sed -i ${option} '${script}' f`));
    const [command] = write?.kind === 'substitute' ? write.commands : [];
    assert.ok(command?.kind === 'substitute', script);
    return command;
  }
});

/** One line per step: what happens to which file, with text in quotes, `$X` for a variable and `<f>` for a file. */
function described(script: string): readonly string[] {
  return fileWrites(readShell(script)).map(describeWrite);
}

function describeWrite(write: FileWrite): string {
  const certainty = write.to.certainty === 'known' ? '' : ` (${write.to.certainty})`;
  const to = `${write.to.path}${certainty}${write.conditional ? '?' : ''}${write.errorsIgnored ? '!' : ''}`;
  switch (write.kind) {
    case 'copy':
      return `copy ${write.from.path} → ${to}${write.toInFolder ? ` (or ${write.toInFolder.path})` : ''}`;
    case 'write':
    case 'append':
      return `${write.kind} ${to}: ${write.content.map(shown).join(' ')}`.trimEnd();
    case 'substitute':
      return `substitute ${write.from.path} → ${to}: ${write.commands
        .map(command => {
          if (command.kind !== 'substitute') return command.kind;
          const { pattern, replacement, flags } = command;
          const unexpanded = replacement.unexpanded.map(one => one.name).join(' ');
          const notes = [flags, unexpanded && `unexpanded ${unexpanded}`].filter(Boolean).join(', ');
          const pieces = replacement.pieces.map(piece => (piece.kind === 'match' ? `\\${piece.group}` : shown(piece)));
          return `s ${pattern.literal} → ${pieces.join(' ')}${notes && ` (${notes})`}`;
        })
        .join(', ')}`;
    case 'envsubst': {
      const { variables } = write;
      const names = typeof variables === 'string' ? variables : variables.map(one => one.name).join(' ');
      return `envsubst ${write.from.path} → ${to}: ${names}${write.keepsUndefined ? ', keeps undefined' : ''}`;
    }
    case 'remove':
      return `remove ${to}`;
    case 'run':
      return `run ${write.language} ${[to, ...write.args.map(arg => arg.value)].join(' ')}`;
    default:
      return `opaque ${write.tool} → ${to}${write.isFolder ? '/' : ''}`.replace('//', '/');
  }
}

function shown(piece: Extract<FileWrite, { kind: 'write' | 'append' }>['content'][number]): string {
  if (piece.kind === 'text') return JSON.stringify(piece.text);
  if (piece.kind === 'variable') return `$${piece.name}`;
  return piece.kind === 'file' ? `<${piece.path.path}>` : '?';
}

function at(text: string, span: { start: number; end: number } | undefined): string {
  return span ? text.slice(span.start, span.end) : 'no place';
}
