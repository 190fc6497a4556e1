import { podsIn } from '../../analysis/pods';
import { familiesOf, isLi, isNamedLi } from '../../analysis/roles';
import { routeSourceKinds, routesOf, serviceOf, workloadsBehind } from '../../analysis/routes';
import type { Resource } from '../../manifests/resource';
import type { Workspace } from '../../manifests/workspace';
import type { Rule } from '../rule';

export default {
  id: 'ingress-other-instance',
  items: [],
  severity: 'error',
  summary: 'The way into the LI instance leads to the main instance.',
  why: 'Whoever opens the host of the LI instance works on the main one: investigators change live data, and do not see what the LI instance keeps.',
  remedy: 'Name the Service of the LI instance as the backend.',
  traps: [
    'Judged are Ingresses and routes that a label or their name says are of the LI instance, and only where the tree has an LI workload of the same kind.',
    'A Service of the LI instance that selects too much is reported by `service-selects-several-workloads`.',
  ],
  sources: ['Checklist, LI instance: a Synapse of its own, apart from the main instance.'],
  examples: { bad: example('synapse', true), good: example('synapse-li', false) },
  kinds: [...routeSourceKinds],
  *check(resource, workspace) {
    if (!isNamedLi(resource)) return;
    const told = new Set<string>();
    for (const route of routesOf(resource)) {
      const service = serviceOf(workspace, route);
      if (!service || isNamedLi(service.resource) || told.has(service.name)) continue;
      const main = workloadsBehind(workspace, route).find(one => !isLi(workspace, one) && hasLiTwin(workspace, one));
      if (!main) continue;
      told.add(service.name);
      yield {
        at: route.service,
        message: `${resource.kind} ${resource.name} is of the LI instance, but leads to ${main.title} of the main one — name the Service of the LI instance.`,
        related: [{ at: service.resource.root.at('metadata', 'name'), message: service.resource.title }],
      };
    }
  },
} satisfies Rule;

/** Whether the LI instance has a workload of the same kind. */
function hasLiTwin(workspace: Workspace, main: Resource): boolean {
  const families = familiesOf(main);
  return podsIn(workspace).some(
    ({ owner }) => isLi(workspace, owner) && [...familiesOf(owner)].some(family => families.has(family)),
  );
}

function example(service: string, isMarked: boolean): string {
  const synapse = (name: string, instance: string): string => `
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: ${name}
        namespace: matrix
      spec:
        selector:
          matrix.instance: ${instance}
        ports:
          - port: 8008
      ---
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: ${name}
        namespace: matrix
      spec:
        serviceName: ${name}
        template:
          metadata:
            labels:
              matrix.instance: ${instance}
          spec:
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                ports:
                  - containerPort: 8008`;
  return `
      #- /ingress.yaml
      apiVersion: networking.k8s.io/v1
      kind: Ingress
      metadata:
        name: matrix-li
        namespace: matrix
      spec:
        rules:
          - host: li.tessera.test
            http:
              paths:
                - path: /
                  pathType: Prefix
                  backend:
                    service:
                      name: ${service}
${isMarked ? '      #                     ^^^^^^^ error: Ingress matrix-li is of the LI instance, but leads to StatefulSet/synapse of the main one\n' : ''}                      port:
                        number: 8008${synapse('synapse', 'main')}${synapse('synapse-li', 'li')}
    `;
}
