import assert from 'node:assert/strict';
import rule from '../../../rules/config/script-syntax';
import { messages } from '../expect';

describe('script-syntax', () => {
  const file = (text: string): string => messages(rule, `\n    #- /run.sh\n${text.replace(/^/gm, '    ')}`).join();
  const configMap = (key: string, text: string): string =>
    messages(
      rule,
      `
    apiVersion: v1
    kind: ConfigMap
    metadata: {name: a, namespace: matrix}
    data:
      ${key}: ${JSON.stringify(text)}`,
    ).join();
  const pod = (command: readonly string[]): string =>
    messages(
      rule,
      `
    apiVersion: v1
    kind: Pod
    metadata: {name: a, namespace: matrix}
    spec:
      containers:
        - name: a
          image: busybox:1.36
          command: ${JSON.stringify(command)}`,
    ).join();

  it('reads files, keys and commands', () => {
    assert.match(file('for i in 1 2; do\n  echo $i'), /expected done to close for/);
    assert.match(configMap('run.sh', 'if a; then b\n'), /expected fi to close if/);
    assert.match(configMap('entry', '#!/bin/sh\necho "a\n'), /unterminated double quote/);
    assert.equal(configMap('notes.txt', 'if a; then b\n'), '');
    assert.match(pod(['sh', '-c', 'until nc -z a 1; do sleep 1;']), /expected done to close until/);
    assert.equal(pod(['sh', '-c', 'until nc -z a 1; do sleep 1; done']), '');
    assert.equal(pod(['python', '-c', 'if a: print("b")']), '');
  });

  it('finds here-documents without an end', () => {
    assert.match(configMap('run.sh', 'cat > a <<EOF\nb\n  EOF\necho c\n'), /No line is EOF alone/);
    assert.equal(configMap('run.sh', 'cat > a <<-EOF\nb\n\tEOF\necho c\n'), '');
    assert.equal(configMap('run.sh', "cat <<'EOF' > a\nit's ) (\nEOF\n"), '');
    assert.equal(configMap('run.sh', 'cat > a <<EOF\r\nb\r\nEOF\r\necho c\r\n'), '');
  });

  it('leaves templates and what shells read well alone', () => {
    assert.equal(configMap('run.sh', '{{ if .Values.a }}\nif a; then\n{{ end }}\n'), '');
    for (const text of [
      'case "$1" in\n  a|b) echo c ;;\n  *) echo d\nesac\n',
      'a=$(( 1 + 2 )); [[ "$a" =~ ^[0-9]+$ ]] && echo ok # it\'s fine\n',
      'f() ( cd /; ls )\nwhile read -r l; do echo "$l"; done < <(f)\n',
      'kubectl get pods -o jsonpath=\'{range .items[*]}{.metadata.name}{"\\n"}{end}\'\n',
      'DO $$ is no shell && echo $$\n',
    ])
      assert.equal(configMap('run.sh', text), '', text);
  });
});
