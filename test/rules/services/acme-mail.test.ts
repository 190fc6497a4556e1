import rule from '../../../rules/services/acme-server-wrong';
import { expectMarks } from '../expect';

describe('the address for mail of an issuer', () => {
  const issuer = (mail: string): string => `
      #- /issuer.yaml
      apiVersion: cert-manager.io/v1
      kind: ClusterIssuer
      metadata: {name: acme}
      spec:
        acme:
          server: https://acme.tessera.test/directory
          ${mail}`;

  it('is one, if it is written', () => {
    expectMarks(
      rule,
      issuer(
        'email: admin_at_tessera.test\n      #          ^^^^^^^^^^^^^^^^^^^^^ error: admin_at_tessera.test is no address',
      ),
    );
    for (const mail of [
      'email: admin@tessera.test',
      'email: ""',
      'email: $MAIL',
      'email: CHANGEME',
      'preferredChain: a',
    ])
      expectMarks(rule, issuer(mail));
  });
});
