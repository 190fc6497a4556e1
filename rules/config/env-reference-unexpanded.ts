import { environmentOf } from '../../analysis/environment';
import { nearest } from '../../analysis/nearest';
import { containersOf, workloadKinds } from '../../analysis/pods';
import type { Rule } from '../rule';

export default {
  id: 'env-reference-unexpanded',
  items: [],
  severity: 'error',
  summary: 'A variable is put together from another one that Kubernetes does not know at that place.',
  why: 'Kubernetes puts `$(NAME)` in only for variables that stand above in the same `env`, or come from `envFrom`. For any other it leaves the letters as they are, so that a URL has `$(NAME)` in place of its password.',
  remedy: 'Define the variable above the one that uses it.',
  traps: [
    '`$$(NAME)` is an escaped text, and variables of Services such as `REDIS_SERVICE_HOST` are known to Kubernetes.',
    'Where an `envFrom` has keys that the tree does not show, nothing is said.',
  ],
  sources: [
    'kubernetes API, EnvVar: value, "previously defined environment variables in the container and any service environment variables"',
  ],
  examples: { bad: example(true), good: example(false) },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    for (const container of containersOf(resource)) {
      const entries = container.value.at('env').items();
      if (!entries.some(entry => entry.at('value').string?.includes('$('))) continue;
      const { variables, isOpen } = environmentOf(workspace, resource, container);
      const before = new Set(
        [...variables.values()].filter(one => one.at.at('name').text !== one.name).map(one => one.name),
      );
      for (const entry of entries) {
        const value = entry.at('value');
        for (const match of value.string?.matchAll(/(?<!\$)(?:\$\$)*\$\(([A-Za-z_][\w.-]*)\)/g) ?? []) {
          const name = match[1] ?? '';
          if (
            before.has(name) ||
            isOpen ||
            /_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?|PORT(?:_\d+_(?:TCP|UDP)\w*)?)$/.test(name)
          )
            continue;
          const later = variables.get(name);
          const meant = later ? undefined : nearest(name, variables.keys());
          // In a script of one's own it may be a command.
          if (!later && (!/^[A-Z][A-Z0-9_]*$/.test(name) || /\n/.test(value.string ?? ''))) continue;
          yield {
            at: value,
            message: `Kubernetes does not put ${name} in here, because it is ${later ? 'defined further down' : 'no variable of the container'} — ${later ? `move it above ${entry.at('name').text}` : meant ? `did you mean ${meant}?` : 'define it above'}${meant ? '' : '.'}`,
            related: later ? [{ at: later.at, message: 'It is defined here' }] : [],
          };
          break;
        }
        const own = entry.at('name').text;
        if (own !== undefined) before.add(own);
      }
    }
  },
} satisfies Rule;

function example(isLate: boolean): string {
  const password = `                  - name: DB_PASSWORD
                    valueFrom:
                      secretKeyRef: {name: key-vault, key: password}
`;
  const mark = isLate
    ? `      #                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error: Kubernetes does not put DB_PASSWORD in here, because it is defined further down\n`
    : '';
  return `
      #- /vault.yaml
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: key-vault
      spec:
        template:
          spec:
            containers:
              - name: key-vault
                image: registry.tessera.test/key-vault:1.0
                env:
${isLate ? '' : password}                  - name: DATABASE_URL
                    value: postgresql://vault:$(DB_PASSWORD)@db:5432/vault
${mark}${isLate ? password : ''}    `;
}
