import { declarationsOf, knownKeys } from '../../analysis/declarations';
import { containersOf, workloadKinds } from '../../analysis/pods';
import { replaceScalar } from '../../manifests/edit';
import type { Rule } from '../rule';

export default {
  id: 'secret-key-mixed-up',
  items: [],
  severity: 'warning',
  summary: 'A variable takes another key of a Secret than the one that is called like it.',
  why: 'Entries of `env` are mostly copied, and a name is easily left as it was. The container starts, signs in with the password of something else, and is refused.',
  remedy: 'Name the key that is called like the variable.',
  traps: [
    'Judged are Secrets and ConfigMaps of the tree that have a key of the variable’s name, whatever its case and its dashes.',
    'A key of one word, such as `password`, says too little of what it is.',
    'A key that is the longer or shorter name of the same, such as `S3_SECRET_KEY_READONLY`, is taken to be meant.',
  ],
  sources: ['Kubernetes documentation, Secrets, "Using Secrets as environment variables"'],
  examples: { bad: example('DB_PASSWORD', true), good: example('REDIS_PASSWORD', false) },
  kinds: [...workloadKinds],
  *check(resource, workspace) {
    for (const container of containersOf(resource))
      for (const item of container.value.at('env').items())
        for (const [kind, field] of sources) {
          const reference = item.at('valueFrom', field);
          const [name, key] = [item.at('name').text, reference.at('key')];
          const object = reference.at('name').text;
          if (name === undefined || object === undefined || key.text === undefined) continue;
          const [variable, taken] = [plain(name), plain(key.text)];
          if (![name, key.text].every(one => /\w[-_.]\w/.test(one))) continue;
          if (variable.includes(taken) || taken.includes(variable)) continue;
          const keys = knownKeys(declarationsOf(workspace, kind, resource.namespace, object));
          const own = [...keys].find(one => plain(one) === variable);
          if (own === undefined || !keys.has(key.text)) continue;
          yield {
            at: key,
            message: `The variable ${name} takes the key ${key.text} of ${kind} ${object}, which has ${own} as well — name that.`,
            fixes: () => {
              const edit = replaceScalar(key, own);
              return edit ? [{ title: `Take ${own}`, safe: false, edits: [edit] }] : [];
            },
          };
        }
  },
} satisfies Rule;

const sources = [
  ['Secret', 'secretKeyRef'],
  ['ConfigMap', 'configMapKeyRef'],
] as const;

function plain(name: string): string {
  return name.toLowerCase().replace(/[-_.]/g, '');
}

function example(key: string, isMarked: boolean): string {
  return `
      #- /app.yaml
      apiVersion: v1
      kind: Pod
      metadata:
        name: app
        namespace: matrix
      spec:
        containers:
          - name: app
            image: registry.test/app:1
            env:
              - name: REDIS_PASSWORD
                valueFrom:
                  secretKeyRef:
                    name: app
                    key: ${key}
${isMarked ? `      #                  ${'^'.repeat(key.length)} 💡 warning: The variable REDIS_PASSWORD takes the key DB_PASSWORD of Secret app, which has REDIS_PASSWORD as well\n` : ''}      ---
      apiVersion: v1
      kind: Secret
      metadata:
        name: app
        namespace: matrix
      stringData:
        DB_PASSWORD: q8Lr2VxKs7TnWm4Z
        REDIS_PASSWORD: pT4vNq8ZsYx1LcWb
    `;
}
