import { homeserverOf } from '../../analysis/homeserver';
import { workloadKinds } from '../../analysis/pods';
import { isLi, synapseMains } from '../../analysis/roles';
import type { Workspace } from '../../manifests/workspace';
import { appendLines } from '../config/append-line';
import type { Fix, Rule } from '../rule';
import { isOn, optionOf, placeOf, type Turnserver, turnserverOf } from './turnserver';
import { turnUri } from './uri';

export default {
  id: 'turn-realm-missing',
  items: [],
  severity: 'warning',
  summary: 'The TURN server has no realm.',
  why: 'Long-term credentials, and so the shared secret, belong to a realm. Without one coturn takes the domain name of the node, which a container often does not have, and clients are refused.',
  remedy: 'Set `realm=` to the name under which clients reach coturn.',
  traps: ['A realm on the command line (`-r`, `--realm`) counts.'],
  sources: ['coturn README.turnserver: -r, --realm, "must be used with long-term credentials mechanism"'],
  examples: {
    bad: `
      #- /coturn.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: coturn
        namespace: matrix
      data:
        turnserver.conf: |
      # ^^^^^^^^^^^^^^^ warning: coturn has no realm
          use-auth-secret
          static-auth-secret=tZ3kP9vLq2XwRb7N
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: coturn
        namespace: matrix
      spec:
        containers:
          - name: coturn
            image: coturn/coturn:4.6.2
            volumeMounts:
              - {name: config, mountPath: /etc/coturn}
        volumes:
          - name: config
            configMap: {name: coturn}
    `,
    good: `
      #- /coturn.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: coturn
        namespace: matrix
      data:
        turnserver.conf: |
          realm=turn.example.org
          use-auth-secret
          static-auth-secret=tZ3kP9vLq2XwRb7N
      ---
      apiVersion: v1
      kind: Pod
      metadata:
        name: coturn
        namespace: matrix
      spec:
        containers:
          - name: coturn
            image: coturn/coturn:4.6.2
            volumeMounts:
              - {name: config, mountPath: /etc/coturn}
        volumes:
          - name: config
            configMap: {name: coturn}
    `,
  },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    const server = turnserverOf(workspace, resource);
    if (!server || server.isPartial || isLi(workspace, resource)) return;
    const needsRealm = ['use-auth-secret', 'lt-cred-mech'].some(name => isOn(server, name));
    if (!needsRealm || optionOf(server, 'realm')?.value) return;
    yield {
      at: placeOf(server),
      message:
        'coturn has no realm, which the shared secret needs — set realm to the name under which clients reach it.',
      fixes: () => setRealm(workspace, server),
    };
  },
} satisfies Rule;

/** The host of Synapse's first TURN address is the one name that is known to be public. */
function setRealm(workspace: Workspace, { file }: Turnserver): readonly Fix[] {
  const hosts = synapseMains(workspace).flatMap(main =>
    (homeserverOf(workspace, main)?.at('turn_uris').items() ?? []).flatMap(uri => turnUri(uri.text ?? '')?.host ?? []),
  );
  const edit = hosts[0] && file?.isVerbatim ? appendLines(file.content, [`realm=${hosts[0]}`]) : undefined;
  return edit ? [{ title: `Set the realm to ${hosts[0]}`, safe: false, edits: [edit] }] : [];
}
