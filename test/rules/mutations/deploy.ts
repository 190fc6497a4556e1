import { add, edit, type Mutation, mutation } from './mutation';
import { coturn, deployScript } from './sample';

export const deployMutations: readonly Mutation[] = [
  mutation(
    'deploy-path-missing',
    edit(deployScript, 'kubectl apply -f main-instance/05-coturn/', 'kubectl apply -f main-instance/06-coturn/'),
  ),
  mutation('deploy-file-not-applied', edit(deployScript, 'kubectl apply -f main-instance/05-coturn/\n', ''), {
    count: 2,
  }),
  mutation('deploy-order', [
    edit(
      deployScript,
      'kubectl apply -f antivirus/01-clamav/\nkubectl rollout status deployment/clamav -n matrix --timeout=20m\nkubectl apply -f antivirus/02-scan-workers/\n',
      'kubectl apply -f antivirus/02-scan-workers/\nkubectl apply -f antivirus/01-clamav/\nkubectl rollout status deployment/clamav -n matrix --timeout=20m\n',
    ),
  ]),
  mutation('deploy-wait-job-missing', edit(deployScript, 'job/python-wheels', 'job/wheels')),
  mutation(
    'deploy-selector-empty',
    edit(
      deployScript,
      '# LI instance\n',
      'kubectl get pods -n matrix -l app.kubernetes.io/name=synapse,app.kubernetes.io/component=main\n# LI instance\n',
    ),
  ),
  mutation(
    'post-check-name-unknown',
    add('docs/checks.md', '# Checks\n\n```\nkubectl exec -n matrix synapse-web-0 -- curl -s localhost\n```\n'),
  ),
  mutation('settings-invalid', add('matrix-preflight.yaml', 'components:\n  livekit: requird\n')),
  mutation(
    'suppression-unknown-rule',
    edit(
      coturn,
      '  replicas: 2\n',
      '  # preflight-ignore: pdb-mising (the nodes are drained by hand)\n  replicas: 2\n',
    ),
  ),
  mutation(
    'suppression-without-reason',
    edit(coturn, '  replicas: 2\n', '  # preflight-ignore: pdb-missing\n  replicas: 2\n'),
  ),
  mutation(
    'suppression-unused',
    edit(
      coturn,
      '  replicas: 2\n',
      '  # preflight-ignore: pdb-missing (the nodes are drained by hand)\n  replicas: 2\n',
    ),
  ),
  mutation(
    'sign-offs-invalid',
    add(
      '.matrix-preflight/sign-offs.yaml',
      'signOffs:\n  - item: F.88\n    by: Ada Example <ada@tessera.test>\n    at: 2026-01-31\n    note: Restored the backup.\n',
    ),
  ),
  mutation(
    'waiver-unused',
    add(
      '.matrix-preflight/sign-offs.yaml',
      'waivers:\n  - rule: service-selects-nothing\n    file: namespace.yaml\n    fingerprint: 00112233445566778899aabbccddeeff\n    reason: Its pods come from a chart.\n    by: Ada Example <ada@tessera.test>\n    at: 2026-01-31\n',
    ),
  ),
];
