import assert from 'node:assert/strict';
import rule from '../../../rules/deploy/post-check-name-unknown';
import { applyFix, messages } from '../expect';

const tree = (line: string, path = 'RUNBOOK.md'): string => `
#- /ingress.yaml
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: matrix, namespace: matrix}
spec:
  tls: [{hosts: [livekit.tessera.test]}]
  rules: [{host: matrix.tessera.test}, {host: "*.files.tessera.test"}]
#- /${path}
${path.endsWith('.md') ? `\`\`\`bash\n${line}\n\`\`\`` : line}
`;

describe('public hosts in commands', () => {
  const found = (line: string, path?: string): readonly string[] =>
    messages(rule, tree(line, path)).map(one => one.replace(/ — .*/, ''));

  it('are those of Ingresses', () => {
    const wrong = 'info: Nothing of the tree answers for matrix.tesera.test';
    assert.deepEqual(found('curl https://matrix.tesera.test/_matrix/federation/v1/version'), [wrong]);
    assert.deepEqual(found('curl -fsS "https://matrix.tesera.test"', 'check.sh'), [wrong]);
    const line = 'curl https://matrix.tesera.test/health';
    assert.match(
      applyFix(rule, tree(line), 'Write matrix.tessera.test')['RUNBOOK.md'] ?? '',
      /matrix\.tessera\.test\/h/,
    );
  });

  it('may be others than those of the tree', () => {
    for (const line of [
      'curl https://matrix.tessera.test/health',
      'curl https://livekit.tessera.test/',
      'curl https://a.files.tessera.test/',
      'curl https://federationtester.matrix.org/api/report',
      'curl https://grafana.tessera.test/',
      'curl http://synapse.matrix.svc.cluster.local:8008/health',
      '# curl https://matrix.tesera.test/',
      'curl https://$HOST/',
      'curl https://matrix.example.com/',
    ])
      assert.deepEqual(found(line), [], line);
    // Runbooks alone: no host is known.
    assert.deepEqual(messages(rule, '#- /RUNBOOK.md\n```bash\ncurl https://matrix.tesera.test/\n```\n'), []);
  });
});
