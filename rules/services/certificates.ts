import type { Resource } from '../../manifests/resource';

export const certificateKind = 'Certificate.cert-manager.io';

/** Whether an Ingress has the annotation by which cert-manager makes Certificates for it. */
export function asksCertManager(ingress: Resource): boolean {
  return ingress.root
    .at('metadata', 'annotations')
    .keys()
    .some(key => key === 'cert-manager.io/cluster-issuer' || key === 'cert-manager.io/issuer');
}

/** Whether a certificate for `pattern` is good for `host`. */
export function covers(pattern: string, host: string): boolean {
  if (pattern.toLowerCase() === host.toLowerCase()) return true;
  return pattern.startsWith('*.') && host.slice(host.indexOf('.')).toLowerCase() === pattern.slice(1).toLowerCase();
}
