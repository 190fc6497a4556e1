import { flowsFrom, isExternal } from '../../analysis/flows';
import { workloadKinds } from '../../analysis/pods';
import { familiesOf, isLi } from '../../analysis/roles';
import { podsBehind, servicesOf } from '../../analysis/services';
import { replaceScalar } from '../../manifests/edit';
import type { Rule } from '../rule';

export default {
  id: 'key-vault-exposed',
  items: ['2.3.c.1'],
  severity: 'error',
  summary: 'Others than Synapse can reach key_vault.',
  why: 'key_vault holds the keys to people’s encrypted messages. Whoever reaches it from outside, or from the lawful-intercept instance, needs only its API key.',
  remedy: 'Reach key_vault through a ClusterIP Service from Synapse’s main process only.',
  traps: ['Probes and monitors do not count.'],
  examples: {
    bad: `
      #- /vault.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: key-vault
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: key-vault}
        template:
          metadata:
            labels: {app: key-vault}
          spec:
            containers:
              - name: key-vault
                image: registry.example.org/key-vault:1.0
                env:
                  - name: DB_NAME
                    value: key_vault
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: key-vault
        namespace: matrix
      spec:
        type: NodePort
      #       ^^^^^^^^ 💡 error: The Service key-vault opens key_vault to the outside
        selector: {app: key-vault}
        ports:
          - port: 8000
    `,
    good: `
      #- /vault.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: key-vault
        namespace: matrix
      spec:
        selector:
          matchLabels: {app: key-vault}
        template:
          metadata:
            labels: {app: key-vault}
          spec:
            containers:
              - name: key-vault
                image: registry.example.org/key-vault:1.0
                env:
                  - name: DB_NAME
                    value: key_vault
      ---
      apiVersion: v1
      kind: Service
      metadata:
        name: key-vault
        namespace: matrix
      spec:
        type: ClusterIP
        selector: {app: key-vault}
        ports:
          - port: 8000
    `,
  },
  kinds: ['Service', 'Ingress', ...workloadKinds],
  *check(resource, workspace) {
    if (resource.qualifiedKind === 'Service') {
      const [service] = servicesOf(resource);
      if (!service || !['NodePort', 'LoadBalancer'].includes(service.type)) return;
      if (!podsBehind(workspace, service).some(({ owner }) => familiesOf(owner).has('key_vault'))) return;
      const type = resource.root.at('spec', 'type');
      yield {
        at: type,
        message: `The Service ${service.name} opens key_vault to the outside — make it a ClusterIP Service.`,
        fixes: () => {
          const isPlain = resource.root
            .at('spec', 'ports')
            .items()
            .every(port => !port.at('nodePort').exists);
          const edit = isPlain ? replaceScalar(type, 'ClusterIP') : undefined;
          return edit ? [{ title: 'Make it a ClusterIP Service', safe: false, edits: [edit] }] : [];
        },
      };
      return;
    }
    const families = familiesOf(resource);
    const isEntrance = resource.qualifiedKind === 'Ingress' || families.has('haproxy') || families.has('nginx');
    const opens = isEntrance || (isLi(workspace, resource) && !families.has('key_vault'));
    if (!opens) return;
    for (const { to, at } of flowsFrom(workspace, resource)) {
      if (isExternal(to) || !familiesOf(to.owner).has('key_vault')) continue;
      yield {
        at,
        message: `${resource.title} leads to key_vault, which only Synapse's main process may reach — take this away.`,
      };
    }
  },
} satisfies Rule;
