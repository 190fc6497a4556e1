import assert from 'node:assert/strict';
import configEnvUndefined from '../../../rules/config/config-env-undefined';
import configPlaceholderUnsubstituted from '../../../rules/config/config-placeholder-unsubstituted';
import livekitConfigNotSubstituted from '../../../rules/livekit/livekit-config-not-substituted';
import { check } from '../../fixture';

/**
 * The many ways in which an init container can make LiveKit's configuration of a template, and small mistakes in them.
 * The template has KEY_TOKEN for the name of the key, and ${KEY_TOKEN} where a way wants variables.
 */
describe('configuration files written by scripts', () => {
  const right: readonly Way[] = [
    way('sed over all files of a folder', 'cp /in/*.yaml /out\nsed -i "s|KEY_PLACEHOLDER|$KEY|" /out/*.yaml'),
    way('a loop over files', 'for f in /in/*; do sed "s|KEY_PLACEHOLDER|$KEY|" "$f" > "/out/' + '$' + '{f##*/}"; done'),
    way('find with -exec', 'cp -rL /in/* /out/\nfind /out -type f -exec sed -i "s|KEY_PLACEHOLDER|$KEY|" {} +'),
    way(
      'find with xargs',
      'cp -r /in/. /out/\nfind /out -name "*.yaml" -print0 | xargs -0 sed -i "s|KEY_PLACEHOLDER|$KEY|"',
    ),
    way('grep with xargs', 'cp /in/* /out\ngrep -rl KEY_ /out | xargs -I{} sed -i "s|KEY_PLACEHOLDER|$KEY|" {}'),
    way(
      'find with while read',
      'cp /in/* /out\nfind /out -type f | while read -r f; do sed -i "s|KEY_PLACEHOLDER|$KEY|" "$f"; done',
    ),
    way(
      'a variable whose name another has',
      'cp /in/livekit.yaml /out/\nfor v in KEY; do eval "value=\\$$v"; sed -i "s|$' +
        '{v}_PLACEHOLDER|$value|" /out/livekit.yaml; done',
    ),
    way(
      'printenv',
      'cp /in/livekit.yaml /out/\nfor v in KEY; do sed -i "s|$' +
        '{v}_PLACEHOLDER|$(printenv "$v")|" /out/livekit.yaml; done',
    ),
    way(
      'a script of sed',
      'cat > /tmp/a.sed <<EOF\ns|KEY_PLACEHOLDER|$KEY|\nEOF\nsed -f /tmp/a.sed /in/livekit.yaml > /out/livekit.yaml',
    ),
    way(
      'a link',
      'ln -s /in/livekit.yaml /tmp/in.yaml\nsed "s|KEY_PLACEHOLDER|$KEY|" /tmp/in.yaml > /out/livekit.yaml',
    ),
    way(
      'a file that is removed later',
      'cp /in/livekit.yaml /out/a.tmpl\nsed "s|KEY_PLACEHOLDER|$KEY|" /out/a.tmpl > /out/livekit.yaml\nrm /out/a.tmpl',
    ),
    way('awk', `awk '{gsub(/KEY_PLACEHOLDER/, ENVIRON["KEY"])}1' /in/livekit.yaml > /out/livekit.yaml`),
    way('awk with -v', `awk -v k="$KEY" '{gsub(/KEY_PLACEHOLDER/, k); print}' /in/livekit.yaml > /out/livekit.yaml`),
    way(
      'a file of variables',
      '. /vault/secrets/env\nsed "s|KEY_PLACEHOLDER|$VAULT_KEY|" /in/livekit.yaml > /out/livekit.yaml',
    ),
    way('a program that is not known', 'cp /in/livekit.yaml /out/\nconfd -onetime -backend env'),
    {
      name: 'arguments of sh -c',
      command: `[sh, -c, 'sed "s|KEY_PLACEHOLDER|$1|" /in/livekit.yaml > "$2"', render, $(KEY), /out/livekit.yaml]`,
    },
    {
      name: 'two programs without a shell',
      command: '[cp, /in/livekit.yaml, /out/livekit.yaml]',
      second: '[sed, -i, s|KEY_PLACEHOLDER|$(KEY)|, /out/livekit.yaml]',
    },
    { name: 'an image whose program is not known', command: '[cp, /in/livekit.yaml, /out/livekit.yaml]', second: '' },
    { name: 'a mounted script', command: '[sh, -c, ". /scripts/render.sh"]' },
    {
      name: 'a mounted script with arguments',
      command: '[sh, -c, "exec /scripts/to.sh /in/livekit.yaml /out/livekit.yaml"]',
    },
    { name: 'a mounted Python program', command: '[python3, /scripts/render.py]' },
  ];

  for (const one of right) {
    it(`accepts ${one.name}`, () => {
      assert.deepEqual(findings(one), []);
    });
  }

  const left = ['livekit-config-not-substituted: KEY_PLACEHOLDER is still there when LiveKit reads /out/livekit.yaml'];
  const wrong: readonly (Way & { readonly says: readonly string[] })[] = [
    { ...way('a loop over other files', 'cp /in/* /out\nsed -i "s|KEY_PLACEHOLDER|$KEY|" /out/*.yml'), says: left },
    {
      ...way('a volume of a ConfigMap', 'sed -i "s|KEY_PLACEHOLDER|$KEY|" /in/livekit.yaml\ncp /in/livekit.yaml /out/'),
      says: left,
    },
    {
      ...way('awk in single quotes', `awk '{gsub(/KEY_PLACEHOLDER/, "$KEY")}1' /in/livekit.yaml > /out/livekit.yaml`),
      says: [
        'livekit-config-not-substituted: This does not expand its variable, because the shell leaves single quotes alone, so KEY_PLACEHOLDER becomes that text',
      ],
    },
    {
      name: 'an argument that is not given',
      command: `[sh, -c, 'sed "s|KEY_PLACEHOLDER|$2|" /in/livekit.yaml > /out/livekit.yaml', render, $(KEY)]`,
      says: [
        'config-env-undefined: The script of container render gets no argument $2, so nothing is put into /out/livekit.yaml here',
      ],
    },
    {
      name: 'a program that replaces another token',
      command: '[cp, /in/livekit.yaml, /out/livekit.yaml]',
      second: '[sed, -i, s|KEY_PLACEHOLDR|$(KEY)|, /out/livekit.yaml]',
      says: left,
    },
    {
      name: 'a variable for a shell where there is none',
      command: '[cp, /in/livekit.yaml, /out/livekit.yaml]',
      second: '[sed, -i, "s|KEY_PLACEHOLDER|${KEY}|", /out/livekit.yaml]',
      says: [
        'livekit-config-not-substituted: This does not expand its variable, because no shell runs the command, so KEY_PLACEHOLDER becomes that text',
      ],
    },
    { name: 'a mounted script that replaces another token', command: '[sh, /scripts/wrong.sh]', says: left },
    {
      name: 'a mounted Python program that replaces another token',
      command: '[python3, /scripts/wrong.py]',
      says: left,
    },
  ];

  for (const one of wrong) {
    it(`finds ${one.name}`, () => {
      assert.deepEqual(findings(one), one.says);
    });
  }
});

interface Way {
  readonly name: string;
  /** The command of the init container. */
  readonly command: string;
  /** That of another one after it; empty for what its image starts. */
  readonly second?: string;
}

function way(name: string, script: string): Way {
  return { name, command: `[sh, -c, ${JSON.stringify(script)}]` };
}

function findings(one: Way): readonly string[] {
  const rules = [livekitConfigNotSubstituted, configPlaceholderUnsubstituted, configEnvUndefined];
  return check(tree(one), rules).findings.map(
    ({ rule, problem }) => `${rule.id}: ${problem.message.replace(/ — .*/, '')}`,
  );
}

function tree({ command, second }: Way): string {
  const init = (name: string, line: string): string => `
          - name: ${name}
            image: example.org/tools:1.0
            ${line === '' ? '' : `command: ${line}`}
            env:
              - name: KEY
                valueFrom: {secretKeyRef: {name: livekit, key: KEY}}
            volumeMounts:
              - {name: template, mountPath: /in}
              - {name: scripts, mountPath: /scripts}
              - {name: config, mountPath: /out}`;
  return `
apiVersion: v1
kind: Secret
metadata: {name: livekit, namespace: matrix}
stringData:
  KEY: devkey
---
apiVersion: v1
kind: ConfigMap
metadata: {name: livekit, namespace: matrix}
data:
  livekit.yaml: |
    port: 7880
    keys:
      KEY_PLACEHOLDER: secret
---
apiVersion: v1
kind: ConfigMap
metadata: {name: scripts, namespace: matrix}
data:
  render.sh: |
    sed "s|KEY_PLACEHOLDER|$KEY|" /in/livekit.yaml > /out/livekit.yaml
  to.sh: |
    sed "s|KEY_PLACEHOLDER|$KEY|" "$1" > "$2"
  wrong.sh: |
    sed "s|KEY_PLACEHOLDR|$KEY|" /in/livekit.yaml > /out/livekit.yaml
  render.py: |
    import os
    with open("/in/livekit.yaml") as f:
        text = f.read().replace("KEY_PLACEHOLDER", os.environ["KEY"])
    with open("/out/livekit.yaml", "w") as f:
        f.write(text)
  wrong.py: |
    import os
    with open("/in/livekit.yaml") as f:
        text = f.read().replace("KEY_PLACEHOLDR", os.environ["KEY"])
    with open("/out/livekit.yaml", "w") as f:
        f.write(text)
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: livekit, namespace: matrix}
spec:
  template:
    spec:
      initContainers:${init('render', command)}${second === undefined ? '' : init('second', second)}
      containers:
        - name: livekit
          image: livekit/livekit-server:v1.8.4
          args: [--config, /out/livekit.yaml]
          volumeMounts:
            - {name: config, mountPath: /out}
      volumes:
        - name: template
          configMap: {name: livekit}
        - name: scripts
          configMap: {name: scripts}
        - name: config
          emptyDir: {}
`;
}
