import { processKinds, synapseProcess } from '../../analysis/synapse';
import type { Rule } from '../rule';
import { s3Installs, s3Package, s3Version } from './packages';

export default {
  id: 'synapse-s3-provider-unpinned',
  items: ['2.1.a'],
  severity: 'warning',
  summary: 'The S3 storage provider is installed in whatever version is the newest that day.',
  why: 'Every restart of a pod may bring another version, so that two pods of one homeserver differ, and a faulty release takes the media store down without any change in the deployment.',
  remedy: `Install \`${s3Package}==${s3Version}\`, the version that the checklist asks for.`,
  traps: [
    'Another fixed version is accepted with a note.',
    'Only `==` fixes a version: `~=`, `>=` and `==1.*` do not.',
  ],
  sources: ['PEP 440, "Version matching"; PyPI, synapse-s3-storage-provider'],
  examples: {
    bad: `
      #- /synapse.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
      spec:
        template:
          spec:
            initContainers:
              - name: install-s3-provider
                image: matrixdotorg/synapse:v1.139.2
                command:
                  - sh
                  - -c
                  - pip install --target=/packages synapse-s3-storage-provider # needed for S3
      #                                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^ 💡 warning: is not fixed to a version
                volumeMounts:
                  - name: packages
                    mountPath: /packages
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                env:
                  - name: PYTHONPATH
                    value: /packages
                volumeMounts:
                  - name: packages
                    mountPath: /packages
            volumes:
              - name: packages
                emptyDir: {}
    `,
    good: `
      #- /synapse.yaml
      apiVersion: apps/v1
      kind: StatefulSet
      metadata:
        name: synapse-main
      spec:
        template:
          spec:
            initContainers:
              - name: install-s3-provider
                image: matrixdotorg/synapse:v1.139.2
                command:
                  - sh
                  - -c
                  - pip install --target=/packages synapse-s3-storage-provider==1.4.0 # needed for S3
                volumeMounts:
                  - name: packages
                    mountPath: /packages
            containers:
              - name: synapse
                image: matrixdotorg/synapse:v1.139.2
                env:
                  - name: PYTHONPATH
                    value: /packages
                volumeMounts:
                  - name: packages
                    mountPath: /packages
            volumes:
              - name: packages
                emptyDir: {}
    `,
  },
  kinds: processKinds,
  *check(resource, workspace) {
    const process = synapseProcess(workspace, resource);
    if (!process) return;
    for (const { requirements } of s3Installs(workspace, process)) {
      const requirement = requirements.find(({ name }) => name === s3Package);
      if (!requirement || requirement.version === s3Version) continue;
      const { version, text, at } = requirement;
      // The address of an archive or a repository is not a requirement that could take another version.
      const isPlain = !text.includes('/');
      yield {
        at,
        ...(version === undefined ? {} : { severity: 'info' as const }),
        message:
          version === undefined
            ? `${text} is not fixed to a version — write ${s3Package}==${s3Version}.`
            : `${s3Package} is version ${version}; the checklist asks for ${s3Version} — change it, or keep it on purpose.`,
        fixes: () =>
          isPlain
            ? [
                {
                  title: `Install version ${s3Version}`,
                  safe: version === undefined,
                  edits: [{ at, newText: `${s3Package}==${s3Version}` }],
                },
              ]
            : [],
      };
    }
  },
} satisfies Rule;
