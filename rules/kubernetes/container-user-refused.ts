import { type ImageProgram, imageTag, publicName, publishedProgramOf } from '../../analysis/images';
import { type Container, containersOf, podTemplate, workloadKinds } from '../../analysis/pods';
import { tenantKind } from '../../analysis/roles';
import { replaceScalar } from '../../manifests/edit';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Problem, Rule } from '../rule';

export default {
  id: 'container-user-refused',
  items: [],
  severity: 'error',
  summary: 'A container that must not run as root is told to, or its image does not say another user.',
  why: 'The kubelet compares `runAsNonRoot` with the user before it starts the container. If that is root, or a name of which the number is not known, the pod stays in CreateContainerConfigError.',
  remedy: 'Set `runAsUser` to the number of a user that is not root, or leave `runAsNonRoot` out.',
  traps: [
    'What a container says goes before what its pod says.',
    'Without `runAsUser` only images are judged of which the user is known; on OpenShift, which gives each namespace users of its own, none are.',
  ],
  sources: [
    'kubernetes, pkg/kubelet/kuberuntime/security_context.go: verifyRunAsNonRoot',
    'The Dockerfiles of the official images: python, busybox, redis, postgres, nginx, rclone, clamav and synapse have no USER; haproxy and coturn name theirs',
  ],
  examples: { bad: example('0', true), good: example('991', false) },
  kinds: [...workloadKinds, tenantKind],
  *check(resource, workspace) {
    if (resource.qualifiedKind === tenantKind) {
      yield* ofTenant(resource);
      return;
    }
    const pod = podTemplate(resource)?.at('spec', 'securityContext');
    for (const container of containersOf(resource)) {
      const own = container.value.at('securityContext');
      const nonRoot = first([own, pod], 'runAsNonRoot');
      if (nonRoot?.boolean !== true) continue;
      const user = first([own, pod], 'runAsUser');
      if (user) {
        if (user.number !== 0 || isToldBefore(resource, container, user)) continue;
        const usual = usualUser(container);
        yield {
          at: user,
          message: `Container ${container.name} must not run as root, but runAsUser is 0, so the kubelet does not start it — write ${usual ?? 'the number of another user'}.`,
          related: [{ at: nonRoot, message: 'Root is ruled out here' }],
          fixes: () => {
            const edit = usual === undefined ? undefined : replaceScalar(user, usual);
            return edit ? [{ title: `Run as ${usual}`, safe: false, edits: [edit] }] : [];
          },
        };
        continue;
      }
      const image = userOf(container);
      if (image === undefined || openShiftKinds.some(kind => workspace.resources(kind).length > 0)) continue;
      // What the pod rules out is told once, with all containers that it stops.
      const stopped = nonRoot.isAt(own.at('runAsNonRoot')) ? [container] : refusedByPod(resource, nonRoot);
      if (stopped[0] !== container) continue;
      const names = stopped.map(one => one.name).join(', ');
      const usual = usualUser(container);
      yield {
        at: nonRoot,
        message: `${stopped.length === 1 ? `Container ${names}` : `The containers ${names}`} must not run as root, but ${image === 'root' ? `${stopped.length === 1 ? 'its image does' : 'their images do'}` : `the image names the user ${image} without a number`}, so the kubelet does not start ${stopped.length === 1 ? 'it' : 'them'} — set runAsUser${usual ? ` to ${usual}` : ''}.`,
        related: stopped.map(one => ({ at: one.value.at('image'), message: `Container ${one.name}` })),
      };
    }
  },
} satisfies Rule;

/** The contexts that a Tenant's pools give their pods and containers. */
function* ofTenant(tenant: Resource): Iterable<Problem> {
  for (const pool of tenant.root.at('spec', 'pools').items()) {
    const contexts = [pool.at('containerSecurityContext'), pool.at('securityContext')];
    const [nonRoot, user] = [first(contexts, 'runAsNonRoot'), first(contexts, 'runAsUser')];
    if (nonRoot?.boolean === true && user?.number === 0)
      yield {
        at: user,
        message: `The containers of ${tenant.title} must not run as root, but runAsUser is 0, so the kubelet does not start them — write 1000.`,
        related: [{ at: nonRoot, message: 'Root is ruled out here' }],
        fixes: () => {
          const edit = replaceScalar(user, '1000');
          return edit ? [{ title: 'Run as 1000', safe: false, edits: [edit] }] : [];
        },
      };
  }
}

/** The containers without a user of their own that the pod's `runAsNonRoot` stops. */
function refusedByPod(resource: Resource, nonRoot: Value): readonly Container[] {
  return containersOf(resource).filter(container => {
    const own = container.value.at('securityContext');
    const isPods = first([own, podTemplate(resource)?.at('spec', 'securityContext')], 'runAsNonRoot')?.isAt(nonRoot);
    return isPods === true && !own.at('runAsUser').exists && userOf(container) !== undefined;
  });
}

function first(contexts: readonly (Value | undefined)[], field: string): Value | undefined {
  return contexts.map(context => context?.at(field)).find(value => value?.exists && !value.isNull);
}

/** Whether the pod's own user was already reported, of the container before. */
function isToldBefore(resource: Resource, container: Container, user: Value): boolean {
  const using = containersOf(resource).filter(one => {
    const own = one.value.at('securityContext');
    const pod = podTemplate(resource)?.at('spec', 'securityContext');
    return first([own, pod], 'runAsUser')?.isAt(user) === true && first([own, pod], 'runAsNonRoot')?.boolean === true;
  });
  return using[0] !== container;
}

/** The user that an image runs as, where that is known and the kubelet refuses it. */
function userOf({ image }: Container): string | undefined {
  if (rootImages.has(publicName(image))) return 'root';
  const program = publishedProgramOf(image);
  if (program === 'coturn') return 'nobody';
  // Since 2.4 (docker-library/haproxy).
  const version = /^(\d+)\.(\d+)/.exec(imageTag(image) ?? '');
  const isNamed = version !== null && Number(version[1]) * 100 + Number(version[2]) >= 204;
  return isNamed && program === 'haproxy' ? 'haproxy' : undefined;
}

const rootImages: ReadonlySet<string> = new Set([
  'python',
  'busybox',
  'alpine',
  'debian',
  'ubuntu',
  'redis',
  'postgres',
  'nginx',
  'rclone/rclone',
  'clamav/clamav',
  'matrixdotorg/synapse',
  'element-hq/synapse',
]);

/** The number of the user that an image is made for. */
function usualUser({ image }: Container): string | undefined {
  const program = publishedProgramOf(image);
  return program && usualUsers[program];
}

const usualUsers: Partial<Record<ImageProgram, string>> = {
  synapse: '991',
  haproxy: '99',
  redis: '999',
  coturn: '65534',
};

const openShiftKinds = ['Route.route.openshift.io', 'SecurityContextConstraints.security.openshift.io'];

function example(user: string, isMarked: boolean): string {
  return `
      #- /synapse.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
      spec:
        template:
          spec:
            securityContext:
              runAsNonRoot: true
              runAsUser: ${user}
${isMarked ? '      #                  ^ 💡 error: Container synapse must not run as root, but runAsUser is 0\n' : ''}            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
    `;
}
