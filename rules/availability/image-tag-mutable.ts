import { imageName, imageTag } from '../../analysis/images';
import { containersOf, workloadKinds } from '../../analysis/pods';
import { clusterKind, tenantKind } from '../../analysis/roles';
import { findPlaceholders } from '../../analysis/text/placeholders';
import type { Resource } from '../../manifests/resource';
import type { Value } from '../../manifests/value';
import type { Rule } from '../rule';

export default {
  id: 'image-tag-mutable',
  items: [],
  severity: 'warning',
  profile: 'strict',
  summary: 'An image has no tag, or one that is moved to newer versions.',
  why: 'A pod that is rescheduled may start another version than its neighbours run, and a rollback does not bring the old one back.',
  remedy: 'Name a version, better still with the digest: `livekit/livekit-server:v1.8.4@sha256:…`.',
  traps: [
    'A digest pins the image, whatever the tag says.',
    'Major and minor versions such as `redis:7` move as well, but by patches only; they are accepted.',
    'Images that are still placeholders are reported by `placeholder-image`.',
  ],
  sources: ['Kubernetes documentation, Images, "Image names": avoid the tag latest in production.'],
  examples: {
    bad: `
      #- /app.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: matrix
      spec:
        containers:
          - name: livekit
            image: livekit/livekit-server:latest
      #                                   ^^^^^^ warning: Container livekit runs livekit/livekit-server:latest, a tag that moves
          - name: nginx
            image: registry.test:5000/nginx
      #            ^^^^^^^^^^^^^^^^^^^^^^^^ warning: Container nginx runs registry.test:5000/nginx without a tag
    `,
    good: `
      #- /app.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: matrix
      spec:
        containers:
          - name: livekit
            image: livekit/livekit-server:v1.8.4
          - name: nginx
            image: registry.test:5000/nginx@sha256:0a399eb16751829e1af26fea27b20c3ec28d7ab1fb72182879dcae1cca21206a
    `,
  },
  kinds: [...workloadKinds, clusterKind, tenantKind],
  *check(resource) {
    for (const { image, who } of imagesOf(resource)) {
      const text = image.string;
      if (!text || text.includes('@sha256:') || findPlaceholders(text, 'value').length > 0) continue;
      const tag = imageTag(text);
      if (tag !== undefined && !movingTags.test(tag)) continue;
      yield {
        at: tag === undefined ? image : image.part(text.length - tag.length, text.length),
        message:
          tag === undefined
            ? `${who} runs ${imageName(text)} without a tag, which means latest — name a version.`
            : `${who} runs ${text}, a tag that moves to newer versions — name a version.`,
      };
    }
  },
} satisfies Rule;

const movingTags =
  /^(?:latest|stable|edge|nightly|main|master|develop|dev|release|current|lts|mainline|rolling|alpine|slim)$/;

function imagesOf(resource: Resource): readonly { readonly image: Value; readonly who: string }[] {
  const spec = resource.root.at('spec');
  if (resource.qualifiedKind === clusterKind) return [{ image: spec.at('imageName'), who: `Cluster ${resource.name}` }];
  if (resource.qualifiedKind === tenantKind) return [{ image: spec.at('image'), who: `Tenant ${resource.name}` }];
  return containersOf(resource).map(({ value, name, isInit }) => ({
    image: value.at('image'),
    who: `${isInit ? 'Init container' : 'Container'} ${name}`,
  }));
}
