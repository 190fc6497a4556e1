import missing from '../../../rules/references/reference-missing-secret';
import unused from '../../../rules/references/secret-unused';
import { expectMarks } from '../expect';

const certificate = (namespace: string, ...more: readonly string[]): string => `
      #- /certificate.yaml
      apiVersion: cert-manager.io/v1
      kind: Certificate
      metadata: {name: turn, namespace: ${namespace}}
      spec:
        secretName: turn-tls
        ${more.join('\n        ')}`;

const pod = (volume: string): string => `
      #- /pod.yaml
      apiVersion: v1
      kind: Pod
      metadata: {name: turn, namespace: matrix}
      spec:
        containers: [{name: turn, image: "coturn/coturn:4.6", volumeMounts: [{name: tls, mountPath: /tls}]}]
        volumes:
          - name: tls
            ${volume}`;

const used = pod('secret: {secretName: turn-tls, optional: true}');

describe('the Secret of a Certificate', () => {
  it('is told of where nothing uses it', () => {
    expectMarks(
      unused,
      certificate('matrix').replace(
        'secretName: turn-tls',
        'secretName: turn-tls\n      #             ^^^^^^^^ info: Nothing in the tree uses the Secret turn-tls, which Certificate/turn makes',
      ) + pod('emptyDir: {}'),
    );
    expectMarks(unused, certificate('matrix') + used);
    // What only tries cert-manager out is for nobody.
    expectMarks(unused, certificate('matrix').replace('name: turn,', 'name: selfsigned-cert,') + pod('emptyDir: {}'));
    // Nothing of the namespace is shown, it is an authority, or something copies it.
    expectMarks(unused, certificate('ingress') + pod('emptyDir: {}'));
    expectMarks(unused, certificate('matrix', 'isCA: true') + pod('emptyDir: {}'));
    expectMarks(unused, certificate('matrix', 'secretTemplate: {annotations: {a: b}}') + pod('emptyDir: {}'));
    expectMarks(
      unused,
      `${certificate('matrix')}${pod('emptyDir: {}')}\n      #- /values.yaml\n      defaultCertificate: turn-tls`,
    );
  });

  it('is missed in another namespace than its own', () => {
    expectMarks(
      missing,
      certificate('cert-manager') +
        used.replace(
          'optional: true}',
          'optional: true}\n      #                          ^^^^^^^^ warning: Certificate/turn makes the Secret turn-tls in namespace cert-manager',
        ),
    );
    expectMarks(missing, certificate('matrix') + used);
    expectMarks(missing, used);
  });
});
