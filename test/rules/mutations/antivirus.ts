import { cut, edit, type Mutation, mutation } from './mutation';
import { haproxyConfig, scanner } from './sample';

export const antivirusMutations: readonly Mutation[] = [
  mutation('scanner-uses-clamdscan', [
    edit(scanner, '      script: /scripts/scan.py', '      script: /scripts/scan.sh'),
    edit(
      scanner,
      '  # clamd runs in another pod',
      '  scan.sh: |\n    #!/bin/sh\n    clamdscan --fdpass "$1"\n  # clamd runs in another pod',
    ),
    edit(
      scanner,
      '              - key: scan.py\n                path: scan.py\n',
      '              - key: scan.sh\n                path: scan.sh\n',
    ),
  ]),
  mutation('scanner-no-tcp-scan', [
    cut(
      scanner,
      '        with socket.create_connection',
      '                reply += part\n',
      '        reply = b"stream: OK"\n',
    ),
    edit(scanner, '    CLAMD = ("clamav.matrix.svc.cluster.local", 3310)\n', ''),
    edit(scanner, 'print(f"clamd did not answer: {error}"', 'print(f"no answer: {error}"'),
  ]),
  mutation(
    'scanner-scan-needs-shared-files',
    edit(scanner, 'clamd.sendall(b"zINSTREAM\\0")', 'clamd.sendall(b"zSCAN " + path.encode() + b"\\0")'),
  ),
  mutation(
    'scanner-wait-missing',
    edit(
      scanner,
      '              until nc -z -w 5 clamav.matrix.svc.cluster.local 3310; do\n                echo "Waiting for clamd on port 3310"\n                sleep 5\n              done\n',
      '              sleep 60\n',
    ),
  ),
  mutation(
    'scanner-wait-weak',
    edit(
      scanner,
      '              until nc -z -w 5 clamav.matrix.svc.cluster.local 3310; do\n                echo "Waiting for clamd on port 3310"\n                sleep 5\n              done\n',
      '              nc -z -w 5 clamav.matrix.svc.cluster.local 3310 || true\n',
    ),
  ),
  mutation('scanner-bypassed', edit(haproxyConfig, '      use_backend content_scanner if is_media_proxy\n', ''), {
    also: { 'haproxy-backend-undefined': 'Its backend is left without a use.' },
  }),

  mutation(
    'scanner-route-not-proxied',
    edit(
      haproxyConfig,
      'use_backend content_scanner if is_media_proxy',
      'use_backend content_scanner if is_media_proxy or is_media',
    ),
    { also: { 'haproxy-worker-unrouted': 'Nothing is left for the media worker, whose rule comes later.' } },
  ),
  mutation(
    'substitution-idle',
    [
      edit(
        'antivirus/02-scan-workers/deployment.yaml',
        's|PICKLE_KEY_PLACEHOLDER|${PICKLE_KEY}|g',
        's|SCANNER_PICKLE_KEY_PLACEHOLDER|${PICKLE_KEY}|g',
      ),
    ],
    { also: { 'config-placeholder-unsubstituted': 'The placeholder stays where it is.' } },
  ),
];
