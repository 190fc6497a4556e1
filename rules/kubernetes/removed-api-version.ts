import { settingsOf } from '../../analysis/settings';
import { insertEntry, quoted, replaceScalar } from '../../manifests/edit';
import { labelsOf, type Resource } from '../../manifests/resource';
import type { Fix, Problem, Rule } from '../rule';
import { ingressToV1 } from './ingress-v1';
import { type RemovedApi, removedApi } from './removed-apis';
import { type RemovedCustomApi, removedCustomApi } from './removed-custom-apis';

export default {
  id: 'removed-api-version',
  items: ['A.4.a'],
  severity: 'error',
  summary: 'An object is written for an API version that Kubernetes or an operator has removed.',
  why: '`kubectl apply` fails with "no matches for kind … in version …", and nothing of the object is created.',
  remedy: 'Write the object for the version that took its place. `kubectl convert` does it where fields have changed.',
  traps: [
    'The Kubernetes version is that of `target.kubernetes` in `matrix-preflight.yaml`, 1.27 by default, as the checklist asks for.',
    'A version that is removed later than in the target is a warning.',
    'Of operators, only versions that none of their releases of the last years serves are an error: those of cert-manager before `v1`. What External Secrets Operator 0.17, Traefik 3, the Gateway API 1.0 and MinIO Operator 5 took out is a warning. Nothing is said where a script installs an older release, or a CustomResourceDefinition of the tree serves the version.',
    'The fix is safe where no field changes; a PodDisruptionBudget with the empty selector, which means nothing in v1beta1 and everything in v1, is none of these.',
  ],
  sources: [
    'Kubernetes documentation, Deprecated API Migration Guide',
    'cert-manager documentation, Upgrading from v1.5 to v1.6: v1alpha2, v1alpha3 and v1beta1 are no longer served',
    'Release notes of External Secrets Operator 0.17.0 and of the Gateway API 1.0; Traefik documentation, Migration from v2 to v3',
  ],
  examples: {
    bad: `
      #- /budget.yaml
      apiVersion: policy/v1beta1
      #           ^^^^^^^^^^^^^^ 💡 error: policy/v1beta1 of PodDisruptionBudget is gone since Kubernetes 1.25
      kind: PodDisruptionBudget
      metadata:
        name: livekit
        namespace: matrix
      spec:
        maxUnavailable: 1
        selector:
          matchLabels:
            app: livekit
    `,
    good: `
      #- /budget.yaml
      apiVersion: policy/v1
      kind: PodDisruptionBudget
      metadata:
        name: livekit
        namespace: matrix
      spec:
        maxUnavailable: 1
        selector:
          matchLabels:
            app: livekit
    `,
  },
  kinds: ['*'],
  *check(resource, workspace) {
    const api = removedApi(resource.apiVersion, resource.kind);
    if (!api) {
      const custom = removedCustomApi(resource, workspace);
      if (custom) yield customProblem(resource, custom);
      return;
    }
    const target = settingsOf(workspace).kubernetes;
    const minor = Number(/^v?1\.(\d+)/.exec(target)?.[1] ?? '27');
    const isGone = api.removedIn <= minor;
    const cure = api.replacement ? `use ${api.replacement}` : 'use Pod Security admission instead';
    yield {
      at: resource.root.at('apiVersion'),
      severity: isGone ? 'error' : 'warning',
      message: isGone
        ? `${api.apiVersion} of ${resource.kind} is gone since Kubernetes 1.${api.removedIn}, and the target is ${target} — ${cure}.`
        : `${api.apiVersion} of ${resource.kind} goes away with Kubernetes 1.${api.removedIn} — ${cure}.`,
      fixes: () => fixesFor(resource, api),
    };
  },
} satisfies Rule;

function customProblem(resource: Resource, api: RemovedCustomApi): Problem {
  const { apiVersion, kind } = resource;
  const replacement = api.replacement(apiVersion);
  return {
    at: resource.root.at('apiVersion'),
    items: [],
    severity: api.isLongGone ? 'error' : 'warning',
    message: api.isLongGone
      ? `${apiVersion} of ${kind} is gone since ${api.operator} ${api.since} — use ${replacement}.`
      : `${api.operator[0]?.toUpperCase()}${api.operator.slice(1)} does not serve ${apiVersion} of ${kind} from ${api.since} on — use ${replacement}, unless an older one is installed.`,
    fixes: () => {
      const edit = api.isSame(resource) ? replaceScalar(resource.root.at('apiVersion'), replacement) : undefined;
      return edit ? [{ title: `Use ${replacement}`, safe: api.isLongGone, edits: [edit] }] : [];
    },
  };
}

function fixesFor(resource: Resource, api: RemovedApi): readonly Fix[] {
  if (!api.replacement) return [];
  const title = `Use ${api.replacement}`;
  if (resource.kind === 'Ingress') {
    const edits = ingressToV1(resource);
    return edits ? [{ title, safe: false, edits }] : [];
  }
  const version = replaceScalar(resource.root.at('apiVersion'), api.replacement);
  if (!version) return [];
  if (api.replacement === 'apps/v1' && !resource.root.at('spec', 'selector').exists) {
    const selector = selectorOfTemplate(resource);
    return selector ? [{ title, safe: false, edits: [version, selector] }] : [];
  }
  if (api.isSameSchema) return [{ title, safe: !meansOtherPods(resource), edits: [version] }];
  // Without the fields that changed only the version is left to change.
  const isUnaffected =
    (resource.kind === 'HorizontalPodAutoscaler' && !resource.root.at('spec', 'metrics').exists) ||
    api.replacement === 'apps/v1';
  return isUnaffected ? [{ title, safe: false, edits: [version] }] : [];
}

function meansOtherPods(resource: Resource): boolean {
  const selector = resource.root.at('spec', 'selector');
  return resource.kind === 'PodDisruptionBudget' && selector.kind === 'mapping' && selector.entries().length === 0;
}

/** The selector that older versions took from the labels of the template. */
function selectorOfTemplate(resource: Resource) {
  const labels = labelsOf(resource.root.at('spec', 'template', 'metadata', 'labels'));
  if (labels.size === 0) return undefined;
  const entries = [...labels].map(([key, value]) => `    ${quoted(key, 'plain')}: ${quoted(value, 'plain')}`);
  return insertEntry(resource.root.at('spec'), `selector:\n  matchLabels:\n${entries.join('\n')}`, {
    after: 'replicas',
  });
}
