import { isPatch } from '../../analysis/kustomization';
import { mountsOf, volumeOf } from '../../analysis/mounts';
import { type Container, containersOf, podTemplate } from '../../analysis/pods';
import { insertEntry, replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Problem, Rule } from '../rule';

export default {
  id: 'volume-not-writable',
  items: [],
  severity: 'warning',
  summary: 'Pods that do not run as root have a new volume that belongs to root, or one that nobody may write to.',
  why: 'A volume of a claim is formatted when it is first used, and its directory belongs to root. Without `fsGroup` nobody gives it to the user of the pod, who gets "Permission denied" for the first file: Synapse stores no media, Redis cannot save.',
  remedy: 'Set `fsGroup` in the securityContext of the pod to the group of its user.',
  traps: [
    'An init container that runs as root may give the directory away, and is taken to do so.',
    'Volumes that are only mounted with `readOnly: true` are left alone, and so are those of claims that are shared: network file systems mostly have users of their own.',
    'Some storages, such as local-path, let everybody write; there nothing happens.',
  ],
  sources: ['Kubernetes documentation, Configure a Security Context for a Pod or Container: fsGroup'],
  examples: { bad: example(true), good: example(false) },
  kinds: ['StatefulSet'],
  *check(set, workspace) {
    if (isPatch(workspace, set.document.file)) return;
    const spec = podTemplate(set)?.at('spec');
    const pod = spec?.at('securityContext');
    const containers = containersOf(set);
    yield* ofReaders(set, containers);
    if (!pod || pod.at('fsGroup').exists) return;
    const userOf = (container: (typeof containers)[number]): number | undefined => {
      const own = container.value.at('securityContext', 'runAsUser');
      return own.exists ? own.number : pod.at('runAsUser').number;
    };
    // Who is root, or may be, can give the directory to others.
    if (containers.some(one => one.isInit && (userOf(one) ?? 0) === 0)) return;
    for (const claim of set.root.at('spec', 'volumeClaimTemplates').items()) {
      const name = claim.at('metadata', 'name').text ?? '';
      const modes = claim.at('spec', 'accessModes').items();
      if (!modes.some(mode => /^ReadWriteOnce/.test(mode.text ?? '')) || volumeOf(set, name) === undefined) continue;
      const writer = containers.find(
        one => (userOf(one) ?? 0) !== 0 && mountsOf(one).some(mount => mount.volume === name && !mount.isReadOnly),
      );
      if (!writer) continue;
      const user = userOf(writer);
      const group = pod.at('runAsGroup').number ?? user;
      yield {
        at:
          mountsOf(writer)
            .find(mount => mount.volume === name)
            ?.value.at('mountPath') ?? claim.at('metadata', 'name'),
        message: `Container ${writer.name} runs as user ${user}, and the new volume ${name} belongs to root, so nothing can be written there — set fsGroup: ${group}.`,
        fixes: () => {
          const edit = pod.kind === 'mapping' ? insertEntry(pod, `fsGroup: ${group}`) : undefined;
          return edit ? [{ title: `Set fsGroup: ${group}`, safe: false, edits: [edit] }] : [];
        },
      };
    }
  },
} satisfies Rule;

/** A claim that nobody may write to, made new for each pod (Kubernetes documentation, Persistent Volumes: Access Modes). */
function* ofReaders(set: Resource, containers: readonly Container[]): Iterable<Problem> {
  for (const claim of set.root.at('spec', 'volumeClaimTemplates').items()) {
    const name = claim.at('metadata', 'name').text ?? '';
    const modes = claim.at('spec', 'accessModes');
    const isForReaders = modes.items().length > 0 && modes.items().every(mode => mode.text === 'ReadOnlyMany');
    const isFilled = ['dataSource', 'dataSourceRef', 'volumeName'].some(field => claim.at('spec', field).exists);
    const user = containers.find(one => mountsOf(one).some(mount => mount.volume === name && !mount.isReadOnly));
    if (!isForReaders || isFilled || !user) continue;
    yield {
      at: modes.at(0),
      message: `Each pod of ${set.title} gets a new volume ${name} that nobody may write to, and it stays empty — write ReadWriteOnce.`,
      fixes: () => {
        const edit = replaceScalar(modes.at(0), 'ReadWriteOnce');
        return edit && modes.items().length === 1 ? [{ title: 'Write ReadWriteOnce', safe: false, edits: [edit] }] : [];
      },
    };
  }
}

function example(isBad: boolean): string {
  return `
      #- /media.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: media
        namespace: matrix
      spec:
        template:
          spec:
            securityContext:
              runAsUser: 991${isBad ? '' : '\n              fsGroup: 991'}
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                volumeMounts:
                  - name: data
                    mountPath: /data${isBad ? '\n      #                        ^^^^^ 💡 warning: Container synapse runs as user 991, and the new volume data belongs to root' : ''}
        volumeClaimTemplates:
          - metadata:
              name: data
            spec:
              accessModes: [ReadWriteOnce]
              resources: {requests: {storage: 20Gi}}
    `;
}
