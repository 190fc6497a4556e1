import assert from 'node:assert/strict';
import toolMissing from '../../../rules/synapse/init-tool-missing-in-image';
import moduleUnavailable from '../../../rules/synapse/synapse-module-unavailable';
import notMounted from '../../../rules/synapse/synapse-python-packages-not-mounted';
import versionMismatch from '../../../rules/synapse/synapse-python-version-mismatch';
import lost from '../../../rules/synapse/synapse-s3-provider-lost';
import notInstalled from '../../../rules/synapse/synapse-s3-provider-not-installed';
import unpinned from '../../../rules/synapse/synapse-s3-provider-unpinned';
import shadowed from '../../../rules/synapse/synapse-site-packages-shadowed';
import { check } from '../../fixture';
import { fixed } from '../expect';
import { configMap, found, indented, type ProcessOptions, synapse } from './tree';

const s3 = configMap('synapse-config', {
  'homeserver.yaml': `server_name: tessera.test
media_storage_providers:
  - module: s3_storage_provider.S3StorageProviderBackend`,
  'worker.yaml': 'worker_app: synapse.app.generic_worker\nworker_name: generic',
});
const emptyDir = '- name: packages\n  emptyDir: {}';
const onPath = 'env:\n  - name: PYTHONPATH\n    value: /packages';
const mounted = '- name: packages\n  mountPath: /packages';

/** An init container that runs a script with the volume `packages` at /packages. */
function install(script: string, extra = '', image = 'matrixdotorg/synapse:v1.139.2'): string {
  return `- name: install
  image: ${image}
  command:
    - sh
    - -c
    - |
${indented(script, 6)}
${indented(extra, 2)}
  volumeMounts:
    - name: packages
      mountPath: /packages`;
}

const target = install('pip install --target=/packages synapse-s3-storage-provider==1.4.0');

function main(options: ProcessOptions): string {
  return s3 + synapse('synapse-main', options);
}

describe('synapse-s3-provider-not-installed', () => {
  const image = 'matrixdotorg/synapse:v1.139.2';

  it('accepts every way in which the package may come', () => {
    assert.deepEqual(found(notInstalled, main({ init: target, volumes: emptyDir })), []);
    assert.deepEqual(found(notInstalled, main({ image: 'registry.tessera.test/synapse-s3:1' })), []);
    const claim = '- name: packages\n  persistentVolumeClaim: {claimName: packages}';
    assert.deepEqual(found(notInstalled, main({ container: onPath, mounts: mounted, volumes: claim })), []);
    const direct =
      '- name: install\n  image: matrixdotorg/synapse:v1.139.2\n  command: [python3, -m, pip, install, -t, /packages, synapse_s3_storage_provider]\n  volumeMounts: [{name: packages, mountPath: /packages}]';
    assert.deepEqual(found(notInstalled, main({ init: direct, volumes: emptyDir })), []);
    assert.deepEqual(
      found(notInstalled, main({ init: install('pip install -r /requirements.txt'), volumes: emptyDir })),
      [],
    );
    const git = install(
      'pip install --target=/packages git+https://github.com/matrix-org/synapse-s3-storage-provider.git@v1.4.0',
    );
    assert.deepEqual(found(notInstalled, main({ init: git, volumes: emptyDir })), []);
    const copied =
      '- name: copy\n  image: registry.tessera.test/packages:1\n  volumeMounts: [{name: packages, mountPath: /packages}]';
    assert.deepEqual(
      found(notInstalled, main({ init: copied, container: onPath, mounts: mounted, volumes: emptyDir })),
      [],
    );
  });

  it('takes a dry run for no installation', () => {
    const dry = install('pip install --dry-run --target=/packages synapse-s3-storage-provider==1.4.0');
    assert.equal(found(notInstalled, main({ init: dry, volumes: emptyDir })).length, 1);
  });

  it('warns of a main process that does not load the provider, and is silent of such workers', () => {
    const off = s3.replace('server_name', 'enable_media_repo: false\n    server_name');
    assert.deepEqual(found(notInstalled, off + synapse('synapse-main')), [`warning ${image}`]);
    assert.deepEqual(found(notInstalled, off + synapse('synapse-generic', { worker: true })), []);
    assert.deepEqual(found(notInstalled, s3 + synapse('synapse-generic', { worker: true })), [`error ${image}`]);
  });

  it('takes the quoted text "false" as Synapse does: for true', () => {
    const quoted = s3.replace('server_name', 'enable_media_repo: "false"\n    server_name');
    assert.deepEqual(found(notInstalled, quoted + synapse('synapse-generic', { worker: true })), [`error ${image}`]);
  });

  it('fills a volume that waits for the packages', () => {
    const tree = main({ container: onPath, mounts: mounted, volumes: emptyDir });
    assert.deepEqual(found(notInstalled, tree), [`error ${image}`]);
    const [text = ''] = Object.values(fixed(notInstalled, tree));
    assert.ok(text.includes('- --target=/packages\n'));
    assert.deepEqual(found(notInstalled, text), []);
    assert.deepEqual(found(notMounted, text), []);
  });
});

describe('fixes of packages', () => {
  it('give a new init container a name of its own', () => {
    const other = install('pip install --target=/packages boto3==1.35.99').replace('install', 'install-s3-provider');
    const tree = main({ init: other, volumes: emptyDir });
    const [text = ''] = Object.values(fixed(notInstalled, tree));
    assert.match(text, /- name: install-s3-provider-2\n/);
    assert.deepEqual(found(notInstalled, text), []);
  });

  it('install where Python looks in the volume', () => {
    const below = 'env:\n  - name: PYTHONPATH\n    value: /packages/lib/python3.12/site-packages';
    const script = 'pip install --target=/opt/extra synapse-s3-storage-provider==1.4.0';
    const tree = main({ init: install(script), container: below, mounts: mounted, volumes: emptyDir });
    const [text = ''] = Object.values(fixed(lost, tree));
    assert.ok(text.includes('--target=/packages/lib/python3.12/site-packages synapse-s3'));
    assert.deepEqual(found(notMounted, text), []);
  });

  it('are no safe ones where Python does not look in the volume', () => {
    const script = 'pip install --target=/opt/extra synapse-s3-storage-provider==1.4.0';
    const tree = main({ init: install(script), mounts: mounted, volumes: emptyDir });
    const [finding] = check(tree, [lost]).findings;
    assert.deepEqual(
      finding?.problem.fixes?.().map(one => one.safe),
      [false],
    );
  });

  it('mount the packages where nothing else is mounted', () => {
    const other = '- name: other\n  mountPath: /python-packages';
    const tree = main({ init: target, mounts: other, volumes: `${emptyDir}\n- name: other\n  emptyDir: {}` });
    const [text = ''] = Object.values(fixed(notMounted, tree));
    assert.match(text, /mountPath: \/python-packages-2\n/);
    assert.deepEqual(found(notMounted, text), []);
  });
});

describe('synapse-s3-provider-unpinned', () => {
  const severities = (requirement: string): readonly string[] =>
    check(main({ init: install(`pip install --target=/packages ${requirement}`), volumes: emptyDir }), [
      unpinned,
    ]).findings.map(one => one.severity);

  it('tells exact versions from others', () => {
    assert.deepEqual(severities('synapse-s3-storage-provider==1.4.0'), []);
    assert.deepEqual(severities('synapse-s3-storage-provider==1.5.0'), ['info']);
    for (const open of ['', '~=1.4', '>=1.4.0', '==1.*'])
      assert.deepEqual(severities(`'synapse-s3-storage-provider${open}'`), ['warning'], open);
  });

  it('reads a file of requirements', () => {
    const listed = (line: string): readonly string[] =>
      severities(`-r /tmp/requirements.txt`).length === 0
        ? check(
            main({
              init: install(
                `cat > /tmp/requirements.txt <<EOF\n# S3\nboto3==1.35.99\n${line}\nEOF\npip install --target=/packages -r /tmp/requirements.txt`,
              ),
              volumes: emptyDir,
            }),
            [unpinned, notInstalled],
          ).findings.map(one => `${one.severity} ${one.rule.id}`)
        : ['the file is not there'];
    assert.deepEqual(listed('synapse-s3-storage-provider==1.4.0  # pinned'), []);
    assert.deepEqual(listed('synapse-s3-storage-provider'), ['warning synapse-s3-provider-unpinned']);
    assert.deepEqual(listed('synapse-s3-storage-provider==1.3.0'), ['info synapse-s3-provider-unpinned']);
    assert.deepEqual(listed('six==1.16.0'), ['error synapse-s3-provider-not-installed']);
  });
});

describe('synapse-s3-provider-lost', () => {
  const command = 'pip install --user synapse-s3-storage-provider==1.4.0';
  const nonRoot = 'securityContext:\n  runAsUser: 991';

  it('follows the home folder', () => {
    // What passwd says in images, where HOME is not set.
    const homeOfRoot = '/root';
    const tree = (script: string, extra = '', pod = ''): string =>
      main({ init: install(script, extra), container: onPath, mounts: mounted, volumes: emptyDir, pod });
    assert.deepEqual(found(lost, tree(command, '', nonRoot)), [`warning ${command}`]);
    assert.deepEqual(found(lost, tree(command, 'env:\n  - name: HOME\n    value: /packages')), []);
    assert.deepEqual(found(lost, tree(command, 'env:\n  - name: PYTHONUSERBASE\n    value: /packages')), []);
    assert.deepEqual(found(lost, tree(`export HOME=/packages\n${command}`, '', nonRoot)), []);
    assert.deepEqual(found(lost, tree(`${command}\ncp -r ~/.local/lib/python*/site-packages/* /packages/`)), []);
    assert.deepEqual(
      found(lost, tree(`${command}\ncp -r $(python3 -m site --user-site)/. /packages/`, '', nonRoot)),
      [],
    );
    assert.deepEqual(
      found(lost, tree(`${command}\ncp -r ${homeOfRoot}/.local/lib/python3.12/site-packages/* /packages/`)),
      [],
    );
    assert.deepEqual(
      found(
        lost,
        tree(`${command}\ncp -r ${homeOfRoot}/.local/lib/python3.12/site-packages/* /packages/`, '', nonRoot),
      ),
      [`warning ${command}`],
    );
    assert.deepEqual(
      found(
        lost,
        tree(
          'pip install synapse-s3-storage-provider==1.4.0\ncp -r /usr/local/lib/python3.12/site-packages/. /packages',
        ),
      ),
      [],
    );
  });

  it('knows virtual environments and the variables of pip', () => {
    const tree = (script: string, env = ''): string =>
      main({ init: install(script, env), container: onPath, mounts: mounted, volumes: emptyDir });
    const plain = 'pip install synapse-s3-storage-provider==1.4.0';
    const variable = (name: string, value: string): string => `env:\n  - name: ${name}\n    value: ${value}`;
    assert.deepEqual(found(lost, tree(plain)), [`warning ${plain}`]);
    assert.deepEqual(found(lost, tree(`/packages/venv/bin/${plain}`)), []);
    assert.deepEqual(found(lost, tree(`. /packages/venv/bin/activate\n${plain}`)), []);
    assert.deepEqual(found(lost, tree(plain, variable('PIP_TARGET', '/packages'))), []);
    assert.deepEqual(found(lost, tree(plain, variable('PIP_PREFIX', '/packages'))), []);
    assert.deepEqual(found(lost, tree(plain, variable('PIP_TARGET', '/elsewhere'))), [`warning ${plain}`]);
    const copy = 'cp -r ~/.local/lib/python3.12/site-packages/. /packages/';
    assert.deepEqual(found(lost, tree(`export HOME=/tmp\n${command}\n${copy}`)), []);
  });

  it('knows that a container keeps what it installs for itself', () => {
    const own =
      s3 +
      synapse('synapse-main').replace(
        /command: .*/,
        `command: [sh, -c, "${command} && exec python -m synapse.app.homeserver --config-path=/config/homeserver.yaml"]`,
      );
    assert.deepEqual(found(lost, own), []);
  });

  it('leaves a script alone that does more in the line', () => {
    const tree = main({
      init: install(`${command}\ncp -r /home/synapse/.local/lib/python3.12/site-packages/* /packages/ && echo done`),
      container: onPath,
      mounts: mounted,
      volumes: emptyDir,
    });
    assert.deepEqual(check(tree, [lost]).findings[0]?.problem.fixes?.(), []);
  });
});

describe('synapse-python-packages-not-mounted', () => {
  const tree = (container: string, mounts: string): string =>
    main({ init: target, container, mounts, volumes: emptyDir });

  it('accepts PYTHONPATH, the checklist’s path, and single packages', () => {
    assert.deepEqual(found(notMounted, tree(onPath, mounted)), []);
    assert.deepEqual(
      found(notMounted, tree('', '- name: packages\n  mountPath: /usr/local/lib/python3.12/site-packages')),
      [],
    );
    assert.deepEqual(
      found(
        notMounted,
        tree(
          '',
          '- name: packages\n  mountPath: /usr/local/lib/python3.12/site-packages/s3_storage_provider.py\n  subPath: s3_storage_provider.py',
        ),
      ),
      [],
    );
    const fromElsewhere =
      'env:\n  - name: PYTHONPATH\n    valueFrom:\n      configMapKeyRef: {name: paths, key: python}';
    assert.deepEqual(found(notMounted, tree(fromElsewhere, '')), []);
  });

  it('knows the folder of --user, where the environment names it', () => {
    const script = 'pip install --user synapse-s3-storage-provider==1.4.0';
    const user = (name: string, more = ''): string => {
      const env = `env:\n  - name: ${name}\n    value: /packages`;
      return main({ init: install(script, env), container: env + more, mounts: mounted, volumes: emptyDir });
    };
    assert.deepEqual(found(notMounted, user('PYTHONUSERBASE')), []);
    assert.deepEqual(found(notMounted, user('HOME')), []);
    assert.deepEqual(found(notMounted, user('HOME', '\n  - name: PYTHONNOUSERSITE\n    value: "1"')), [
      'error /packages',
    ]);
  });

  it('finds a mount that Python does not search, and names it in PYTHONPATH', () => {
    const wrong = tree('env:\n  - name: PYTHONPATH\n    value: /opt/lib', mounted);
    assert.deepEqual(found(notMounted, wrong), ['error /packages']);
    const [text = ''] = Object.values(fixed(notMounted, wrong));
    assert.ok(text.includes('value: /packages:/opt/lib'));
  });
});

describe('synapse-python-version-mismatch', () => {
  const at = (python: string, tag: string): readonly string[] =>
    found(
      versionMismatch,
      main({
        image: `matrixdotorg/synapse:${tag}`,
        mounts: `- name: packages\n  mountPath: /usr/local/lib/python${python}/site-packages`,
        volumes: emptyDir,
      }),
    );

  it('knows the Python of each version', () => {
    assert.deepEqual(at('3.11', 'v1.118.0'), []);
    assert.deepEqual(at('3.12', 'v1.119.0'), []);
    assert.deepEqual(at('3.12', 'v1.140.0'), []);
    assert.deepEqual(at('3.13', 'v1.141.0'), []);
    assert.equal(at('3.11', 'v1.119.0').length, 1);
    assert.equal(at('3.12', 'v1.118.0').length, 1);
    for (const unknown of ['latest', 'develop', 'v2.0.0', 'v1.200.0'])
      assert.deepEqual(at('3.11', unknown), [], unknown);
  });

  it('compares the folders in PYTHONPATH with where pip installs', () => {
    const init = install(
      'pip install --user synapse-s3-storage-provider==1.4.0',
      'env:\n  - name: HOME\n    value: /packages',
    );
    const tree = (python: string): string =>
      main({
        init,
        container: `env:\n  - name: PYTHONPATH\n    value: /opt:/packages/.local/lib/python${python}/site-packages`,
        mounts: mounted,
        volumes: emptyDir,
      });
    assert.deepEqual(found(versionMismatch, tree('3.12')), []);
    assert.deepEqual(found(versionMismatch, tree('3.11')), ['error /packages/.local/lib/python3.11/site-packages']);
    const [text = ''] = Object.values(fixed(versionMismatch, tree('3.11')));
    assert.ok(text.includes('value: /opt:/packages/.local/lib/python3.12/site-packages'));
  });

  it('prefers the path that the settings ask for', () => {
    const tree = `${main({ mounts: '- name: packages\n  mountPath: /usr/local/lib/python3.11/site-packages', volumes: emptyDir })}#- /matrix-preflight.yaml\nsynapse:\n  pythonMount: checklist\n`;
    const { findings } = check(tree, [versionMismatch]);
    assert.deepEqual(
      findings[0]?.problem.fixes?.().map(({ title }) => title),
      [
        'Mount them at /usr/local/lib/python3.12/site-packages',
        'Mount them at /python-packages and name it in PYTHONPATH',
      ],
    );
  });
});

describe('synapse-site-packages-shadowed', () => {
  const mount = '- name: packages\n  mountPath: /usr/local/lib/python3.12/site-packages';

  it('accepts a volume that has the image’s own packages', () => {
    const init = install(
      'cp -a /usr/local/lib/python3.12/site-packages/. /packages/\npip install --target=/packages synapse-s3-storage-provider==1.4.0',
    );
    assert.deepEqual(found(shadowed, main({ init, mounts: mount, volumes: emptyDir })), []);
    const claim = '- name: packages\n  persistentVolumeClaim: {claimName: packages}';
    assert.deepEqual(found(shadowed, main({ mounts: mount, volumes: claim })), []);
    assert.deepEqual(found(shadowed, main({ mounts: `${mount}/s3_storage_provider`, volumes: emptyDir })), []);
  });

  it('does not repeat what the version rule says', () => {
    assert.deepEqual(found(shadowed, main({ mounts: mount.replace('3.12', '3.11'), volumes: emptyDir })), []);
    assert.equal(found(shadowed, main({ init: target, mounts: mount, volumes: emptyDir })).length, 1);
  });
});

describe('synapse-module-unavailable', () => {
  const config = configMap('synapse-config', {
    'homeserver.yaml': 'server_name: tessera.test\nmodules:\n  - module: key_vault_client.Module',
    'worker.yaml': 'worker_app: synapse.app.generic_worker\nworker_name: generic',
  });
  const modules = configMap('modules', { 'key_vault_client.py': 'class Module:\n  pass' });

  it('accepts modules from ConfigMaps, packages and Synapse itself', () => {
    const mount = {
      container: 'env:\n  - name: PYTHONPATH\n    value: /modules',
      mounts: '- name: modules\n  mountPath: /modules',
      volumes: '- name: modules\n  configMap: {name: modules}',
    };
    assert.deepEqual(found(moduleUnavailable, config + modules + synapse('synapse-main', mount)), []);
    const copied = install('cp /modules/key_vault_client.py /packages/').replace(
      'volumeMounts:',
      'volumeMounts:\n    - {name: modules, mountPath: /modules}',
    );
    assert.deepEqual(
      found(
        moduleUnavailable,
        config +
          modules +
          synapse('synapse-main', {
            init: copied,
            container: onPath,
            mounts: mounted,
            volumes: `${emptyDir}\n- name: modules\n  configMap: {name: modules}`,
          }),
      ),
      [],
    );
    assert.deepEqual(
      found(
        moduleUnavailable,
        config +
          synapse('synapse-main', {
            init: install('pip install --target=/packages matrix-key-vault'),
            volumes: emptyDir,
          }),
      ),
      [],
    );
    assert.deepEqual(
      found(
        moduleUnavailable,
        config.replace('key_vault_client.Module', 'ldap_auth_provider.LdapAuthProviderModule') +
          synapse('synapse-main'),
      ),
      [],
    );
  });

  it('tells which processes lack it, once', () => {
    const { findings } = check(
      config +
        synapse('synapse-main', { init: target, volumes: emptyDir }) +
        synapse('synapse-generic', { worker: true }),
      [moduleUnavailable],
    );
    assert.equal(findings.length, 1);
    assert.equal(findings[0]?.problem.related?.length, 2);
  });
});

describe('init-tool-missing-in-image', () => {
  const run = (image: string, script: string, extra = ''): readonly string[] =>
    found(toolMissing, main({ init: install(script, extra, image), volumes: emptyDir }));

  it('knows what the images have', () => {
    assert.deepEqual(run('busybox:1.36', 'until nc -z clamav 3310; do sleep 2; done'), []);
    assert.deepEqual(run('python:3.12-slim', 'until nc -z clamav 3310; do sleep 2; done'), ['error nc']);
    assert.deepEqual(run('alpine:3.20', 'wget -qO- http://x | sh'), []);
    assert.deepEqual(run('postgres:16-alpine', 'until pg_isready -h db; do sleep 2; done'), []);
    assert.deepEqual(run('postgres:16', 'curl http://x'), ['error curl']);
    assert.deepEqual(run('nginx:1.27', 'envsubst < a > b'), []);
    assert.deepEqual(run('registry.tessera.test/tools:1', 'envsubst < a > b'), []);
    assert.deepEqual(run('python:3.12', 'envsubst < a > b'), []);
    assert.deepEqual(run('docker.io/library/busybox:1.36', 'cat a | envsubst > b'), ['error envsubst']);
  });

  it('finds a shell that the image does not have', () => {
    assert.deepEqual(run('alpine:3.20', 'echo').length, 0);
    const tree = main({ init: install('echo', '', 'alpine:3.20').replace('- sh\n', '- bash\n'), volumes: emptyDir });
    assert.deepEqual(found(toolMissing, tree), ['error bash']);
  });

  it('accepts what the script installs, downloads or asks for', () => {
    assert.deepEqual(run('alpine:3.20', 'apk add --no-cache gettext\nenvsubst < a > b'), []);
    assert.deepEqual(run('debian:12-slim', 'apt-get update && apt-get install -y gettext-base\nenvsubst < a > b'), []);
    assert.deepEqual(run('alpine:3.20', 'if command -v jq; then jq . a; fi'), []);
    assert.deepEqual(
      run('alpine:3.20', 'wget -O /usr/local/bin/kubectl http://x\nchmod +x /usr/local/bin/kubectl\nkubectl get pods'),
      [],
    );
    assert.deepEqual(run('alpine:3.20', 'envsubst() { cat; }\nenvsubst < a > b'), []);
    assert.deepEqual(run('alpine:3.20', '/opt/bin/jq . a'), []);
    assert.deepEqual(run('alpine:3.20', 'jq . a', 'env:\n  - name: PATH\n    value: /opt/bin:/bin'), []);
  });

  it('warns of an installation that is not allowed', () => {
    assert.deepEqual(run('alpine:3.20', 'apk add gettext\nenvsubst < a > b', 'securityContext:\n  runAsUser: 991'), [
      'warning envsubst',
    ]);
    assert.deepEqual(run('alpine:3.20', 'apk add curl\nenvsubst < a > b'), ['error envsubst']);
  });

  it('says each program once, and ignores comments and other containers’ commands', () => {
    assert.deepEqual(run('busybox:1.36', 'envsubst < a > b\nenvsubst < c > d\n# jq is not used\necho "curl"'), [
      'error envsubst',
    ]);
    assert.deepEqual(run('alpine/k8s:1.30', 'kubectl exec x -- psql -c "select 1"'), []);
  });
});
