import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readShell } from '../../../analysis/text/shell';
import type { ShellCommand } from '../../../analysis/text/shell-nodes';
import type { ShellPiece } from '../../../analysis/text/shell-words';
import type { Span } from '../../../manifests/span';
import { shellText } from './generate';

describe('readShell', () => {
  it('lists simple commands with the words that the program gets', () => {
    const { commands } = readShell(`cp "/a b" '/c $D'\n/usr/bin/sed -i s/x/\${Y}/ f\\ g\n`);
    assert.deepEqual(
      commands.map(({ name, args }) => [name, ...args.map(arg => arg.value)]),
      [
        ['cp', '/a b', '/c $D'],
        ['sed', '-i', 's/x/${Y}/', 'f g'],
      ],
    );
  });

  it('tells what the shell expands from what it leaves alone', () => {
    const script = readShell(`echo "a $B \${C:-$D}" '$E' "\\$F" $(g "$H") *.i`);
    const [substituted, echo] = script.commands;
    assert.equal(substituted?.name, 'g');
    assert.equal(substituted?.nested, 'substitution');
    assert.deepEqual(
      echo?.args.map(({ literal, singleQuoted, hasGlob, variables }) => ({
        literal,
        singleQuoted,
        hasGlob,
        variables: variables.map(one => one.name),
      })),
      [
        { literal: false, singleQuoted: false, hasGlob: false, variables: ['B', 'C', 'D'] },
        { literal: true, singleQuoted: true, hasGlob: false, variables: [] },
        { literal: true, singleQuoted: false, hasGlob: false, variables: [] },
        { literal: false, singleQuoted: false, hasGlob: false, variables: [] },
        { literal: true, singleQuoted: false, hasGlob: true, variables: [] },
      ],
    );
  });

  it('underlines words, variables and assigned names', () => {
    const text = 'PGPASSWORD="$A" psql -h "${HOST}" > /tmp/out';
    const script = readShell(text);
    const [psql] = script.commands;
    const [assignment] = script.assignments;
    assert.equal(at(text, psql?.span), text);
    assert.equal(at(text, assignment?.nameSpan), 'PGPASSWORD');
    assert.equal(at(text, assignment?.value?.variables[0]?.span), '$A');
    assert.equal(at(text, psql?.args[1]?.span), '"${HOST}"');
    assert.equal(at(text, psql?.args[1]?.variables[0]?.span), '${HOST}');
    assert.equal(at(text, psql?.redirects[0]?.target?.span), '/tmp/out');
    assert.deepEqual(psql?.assignments, [assignment]);
  });

  it('knows whether a here-document expands', () => {
    const text =
      "cat <<EOF > a\nx: ${Y}\nz: \\$Z\nEOF\ncat > b <<'EOF'\nx: ${Y}\nEOF\ncat <<-END\n\tone\n\t  two\n\tEND\n";
    const [expanding, plain, indented] = readShell(text).commands.map(one => one.heredocs[0]);
    assert.equal(expanding?.expands, true);
    assert.equal(expanding?.body, 'x: ${Y}\nz: $Z\n');
    assert.deepEqual(
      expanding?.variables.map(one => one.name),
      ['Y'],
    );
    assert.equal(at(text, expanding?.span), 'x: ${Y}\nz: \\$Z\n');
    assert.equal(plain?.expands, false);
    assert.equal(plain?.body, 'x: ${Y}\n');
    assert.deepEqual(plain?.variables, []);
    assert.equal(at(text, plain?.delimiterSpan), "'EOF'");
    assert.equal(indented?.body, 'one\n  two\n');
    assert.equal(indented?.closed, true);
  });

  it('says what surrounds a command', () => {
    const { commands } = readShell(`
      until nc -z h 1; do sleep 2; done
      if [ -f x ]; then cp x y; fi
      [ -f z ] && mv z w
      cp -r a b || true
      a && b
      ! grep -q OK f
      serve &
      f() { touch g; }
      cat a | sed s/x/y/ | tee b
    `);
    const flags = (command: ShellCommand): string =>
      [
        command.loop,
        command.isCondition && 'condition',
        command.conditional && 'conditional',
        command.errorsIgnored && 'ignored',
        command.negated && 'negated',
        command.background && 'background',
        command.inFunction && `in ${command.inFunction}`,
        command.pipeline.length > 1 && `${command.pipeline.position} of ${command.pipeline.length}`,
      ]
        .filter(Boolean)
        .join(' ');
    assert.deepEqual(
      commands.map(command => `${command.name}: ${flags(command)}`.trim()),
      [
        'nc: until condition',
        'sleep: until conditional',
        '[: condition',
        'cp: conditional',
        '[:',
        'mv: conditional',
        'cp: ignored',
        'true: conditional',
        'a:',
        'b:',
        'grep: negated',
        'serve: background',
        'touch: in f',
        'cat: 0 of 3',
        'sed: 1 of 3',
        'tee: 2 of 3',
      ],
    );
  });

  it('takes off the words that only say how to run a program', () => {
    const lines = {
      'sudo -u postgres psql -c x': ['psql', '-c', 'x'],
      'env -i A=b /bin/cp c d': ['cp', 'c', 'd'],
      'timeout -k 5 30 nc h 1': ['nc', 'h', '1'],
      'exec nohup nice -n 5 turnserver -c f': ['turnserver', '-c', 'f'],
      'exec 3<>/dev/tcp/h/1': ['exec'],
      'command -v nc': ['command', '-v', 'nc'],
      'gosu redis redis-server f': ['redis-server', 'f'],
      'xargs -I {} kubectl delete {}': ['kubectl', 'delete', '{}'],
    };
    for (const [line, expected] of Object.entries(lines)) {
      const [command] = readShell(line).commands;
      assert.deepEqual([command?.name, ...(command?.args.map(arg => arg.value) ?? [])], expected, line);
    }
    assert.equal(readShell('env -i A=b c').assignments[0]?.value?.value, 'b');
  });

  it('reads scripts inside commands, with places in the outer text', () => {
    const cases: Record<string, string> = {
      "sh -c 'sed -i s/a/b/ f'": 'shell',
      'bash -lc "sed -i s/a/\\"$X\\"/ f"': 'shell',
      'bash -euo pipefail -c "sed -i s/a/b/ f"': 'shell',
      'bash -s <<EOF\nsed -i s/a/b/ f\nEOF\n': 'shell',
      'su postgres -c "sed -i s/a/b/ f"': 'shell',
      'eval sed -i "s/a/b/" f': 'shell',
      'kubectl exec -n x pod -- sed -i s/a/b/ f': 'exec',
      "kubectl exec pod -- sh -c 'sed -i s/a/b/ f'": 'shell',
      'docker exec -it -u 0 name sed -i s/a/b/ f': 'exec',
      "find . -name '*.c' -exec sed -i s/a/b/ {} \\;": 'exec',
      'X=$(sed -i s/a/b/ f)': 'substitution',
      'X=`sed -i s/a/b/ f`': 'substitution',
      'X=`echo \\\\x \\$y; sed -i s/a/b/ f`': 'substitution',
      "trap 'sed -i s/a/b/ f' EXIT": 'trap',
    };
    for (const [text, nested] of Object.entries(cases)) {
      const sed = readShell(text).commands.find(command => command.name === 'sed');
      assert.equal(sed?.nested, nested, text);
      assert.equal(at(text, sed?.nameWord?.span), 'sed', text);
      assert.match(at(text, sed?.args[1]?.span), /s\/a\//, text);
    }
    assert.equal(readShell('kubectl exec p -- sh -c "a"').commands.at(-1)?.remote, true);
    assert.equal(readShell('sh -c "a"').commands.at(-1)?.remote, false);
  });

  it('keeps places through CR LF', () => {
    const text = 'cp a b\r\ncat > c <<EOF\r\nx: $Y\r\nEOF\r\nmv d \\\r\n  e\r\n';
    const script = readShell(text);
    assert.deepEqual(
      script.commands.map(command => [command.name, ...command.args.map(arg => at(text, arg.span))]),
      [['cp', 'a', 'b'], ['cat'], ['mv', 'd', 'e']],
    );
    const heredoc = script.commands[1]?.heredocs[0];
    assert.equal(heredoc?.body, 'x: $Y\n');
    assert.equal(at(text, heredoc?.variables[0]?.span), '$Y');
  });

  it('finds functions, options and problems', () => {
    const text = '#!/bin/bash\nset -eu\nset -o pipefail\nf() { a; }\nf x\nif true; then\n';
    const script = readShell(text);
    assert.equal(script.shebang, '#!/bin/bash');
    assert.equal(at(text, script.options.errexit), '-eu');
    assert.equal(at(text, script.options.nounset), '-eu');
    assert.equal(at(text, script.options.pipefail), '-o');
    assert.equal(at(text, script.functions.get('f')?.nameSpan), 'f');
    assert.ok(script.functions.has(script.commands.at(-2)?.name ?? ''));
    assert.ok(script.problems.length > 0);
    assert.ok(readShell('#!/bin/sh -e\na').options.errexit);
    assert.equal(readShell('#!/bin/sh\nset -e\nset +e\n').options.errexit, undefined);
  });

  it('gives no command for a comment', () => {
    assert.deepEqual(
      readShell('# cp a b\ncp c d # mv e f\n').commands.map(command => command.name),
      ['cp'],
    );
  });

  it('never throws, and every place lies in the text', () => {
    fc.assert(
      fc.property(shellText, text => {
        const script = readShell(text);
        for (const command of script.commands) {
          assertInside(text, command.span);
          for (const word of command.words) {
            assertInside(text, word.span);
            assertPieces(text, word.pieces);
          }
          for (const heredoc of command.heredocs) {
            assertInside(text, heredoc.span);
            assertPieces(text, heredoc.pieces);
          }
        }
        for (const problem of script.problems) assertInside(text, problem.span);
        for (const assignment of script.assignments) {
          assert.equal(at(text, assignment.nameSpan).replace(/\\?\r?\n/g, ''), assignment.name);
        }
      }),
      { numRuns: 300, examples: [['A\\\nX=']] },
    );
  });
});

function assertPieces(text: string, pieces: readonly ShellPiece[]): void {
  for (const piece of pieces) {
    assertInside(text, piece.span);
    if (piece.kind === 'text' && piece.verbatim) assert.equal(at(text, piece.span), piece.text);
  }
}

function assertInside(text: string, { start, end }: Span): void {
  assert.ok(0 <= start && start <= end && end <= text.length, `${start}-${end} of ${text.length}`);
}

function at(text: string, span: Span | undefined): string {
  return span ? text.slice(span.start, span.end) : 'no place';
}
