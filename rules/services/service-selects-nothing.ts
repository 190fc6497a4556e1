import { describe, type Selector } from '../../analysis/labels';
import { podsElsewhere, selectPods } from '../../analysis/selection';
import { servicesOf } from '../../analysis/services';
import type { Rule } from '../rule';
import { correctLabel, type MistakenLabel, mistakenLabel, selectorPlace } from './mistaken-label';

export default {
  id: 'service-selects-nothing',
  items: [],
  severity: 'error',
  summary: 'The selector of a Service matches no pod.',
  why: 'The Service has no endpoints: its name resolves, and every connection to it is refused or times out.',
  remedy:
    'Select labels that the pod template has. Selectors match the labels of the template, not those of the Deployment.',
  traps: [
    'Pods that manifests do not describe are not called missing: those of Helm charts the tree tells of, of custom resources of unknown operators, of namespaces without workloads of the tree, and of documents that cannot be read.',
    'Pods of CloudNativePG clusters and MinIO tenants are known, with the labels that their operators set.',
    'Labels that controllers put on single pods (`statefulset.kubernetes.io/pod-name`) and labels that a script sets with `kubectl label` count.',
    'Services without a selector and of type ExternalName are left alone.',
  ],
  sources: [
    'Kubernetes documentation, Service, "Services without selectors" and Debug Services, "Does the Service have any EndpointSlices?"',
  ],
  examples: {
    bad: `
      #- /app.yaml
      apiVersion: v1
      kind: Service
      metadata:
        name: app
        namespace: matrix
      spec:
        selector:
          app: app
          tier: frontend # as the pods have
      #   ^^^^^^^^^^^^^^ 💡 error: Service app selects no pod: those that meet the rest of its selector have tier=front
        ports:
          - port: 80
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: app
        namespace: matrix
        labels:
          tier: frontend
      spec:
        selector:
          matchLabels:
            app: app
        template:
          metadata:
            labels:
              app: app
              tier: front
          spec:
            containers:
              - name: app
                image: registry.test/app:1
    `,
    good: `
      #- /app.yaml
      apiVersion: v1
      kind: Service
      metadata:
        name: app
        namespace: matrix
      spec:
        selector:
          app: app
          tier: front # as the pods have
        ports:
          - port: 80
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: app
        namespace: matrix
        labels:
          tier: frontend
      spec:
        selector:
          matchLabels:
            app: app
        template:
          metadata:
            labels:
              app: app
              tier: front
          spec:
            containers:
              - name: app
                image: registry.test/app:1
    `,
  },
  kinds: ['Service'],
  *check(resource, workspace) {
    const selector = servicesOf(resource)[0]?.selector;
    if (!selector || resource.root.at('spec', 'type').text === 'ExternalName') return;
    const { pods, isOpen } = selectPods(workspace, resource.namespace, selector);
    if (pods.length > 0 || isOpen) return;
    const mistaken = mistakenLabel(workspace, resource.namespace, selector);
    const [elsewhere] = mistaken ? [] : podsElsewhere(workspace, resource.namespace, selector);
    if (elsewhere) {
      yield {
        at: resource.root.at('metadata', 'namespace'),
        message: `Service ${resource.name} selects no pod: those with ${describe(selector)} are in namespace ${elsewhere.namespace}, and a Service selects in its own — move it there.`,
        related: [
          { at: elsewhere.owner.root.at('metadata', 'name'), message: `${elsewhere.owner.title} may be meant` },
        ],
      };
      return;
    }
    yield {
      at: selectorPlace(selector, mistaken),
      message: `Service ${resource.name} selects no pod: ${reason(selector, mistaken)} — correct the selector or the labels of the pod template.`,
      related:
        mistaken?.pods.slice(0, 5).map(({ owner }) => ({
          at: owner.root.at('metadata', 'name'),
          message: `${owner.title} may be meant`,
        })) ?? [],
      fixes: () => correctLabel(mistaken),
    };
  },
} satisfies Rule;

function reason(selector: Selector, mistaken: MistakenLabel | undefined): string {
  if (!mistaken) return `none in the namespace has ${describe(selector)}`;
  const { requirement, actual } = mistaken;
  if (selector.requirements.length === 1)
    return `none has ${describe(selector)}, but some have ${requirement.key}=${actual}`;
  return actual === undefined
    ? `those that meet the rest of its selector have no label ${requirement.key}`
    : `those that meet the rest of its selector have ${requirement.key}=${actual}`;
}
