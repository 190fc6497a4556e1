import { haproxyOf } from '../../analysis/haproxy-config';
import { workloadKinds } from '../../analysis/pods';
import { findPlaceholders } from '../../analysis/text/placeholders';
import type { Rule } from '../rule';
import { replaceText } from './text-edits';

export default {
  id: 'haproxy-resolver-address',
  items: [],
  severity: 'error',
  summary: 'HAProxy asks a name server of which the address is not known to be right.',
  why: 'The cluster’s DNS has another address in every cluster. With a wrong one no server name resolves, and every backend stays down.',
  remedy:
    'Write `parse-resolv-conf`, which takes the name server that Kubernetes gives to the pod; or fill in the address of the Service kube-dns.',
  traps: ['A written address is a note only: it is right in the cluster that it was taken from.'],
  sources: [
    'HAProxy configuration manual, section 5.3.2, "parse-resolv-conf"; Kubernetes documentation, DNS for Services and Pods',
  ],
  examples: {
    bad: `
      #- /haproxy.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: haproxy-config
        namespace: matrix
      data:
        haproxy.cfg: |
          resolvers kubernetes
            nameserver dns CHANGEME_KUBE_DNS_IP:53
      #                    ^^^^^^^^^^^^^^^^^^^^^^^ 💡 error: The name server CHANGEME_KUBE_DNS_IP is still to be filled in
            hold valid 10s
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: haproxy
          spec:
            containers:
              - name: haproxy
                image: haproxy:3.0.6
                volumeMounts:
                  - name: config
                    mountPath: /usr/local/etc/haproxy
            volumes:
              - name: config
                configMap:
                  name: haproxy-config
    `,
    good: `
      #- /haproxy.yaml
      apiVersion: v1
      kind: ConfigMap
      metadata:
        name: haproxy-config
        namespace: matrix
      data:
        haproxy.cfg: |
          resolvers kubernetes
            parse-resolv-conf
            hold valid 10s
      ---
      apiVersion: apps/v1
      kind: Deployment
      metadata:
        name: haproxy
        namespace: matrix
      spec:
        template:
          metadata:
            labels:
              app: haproxy
          spec:
            containers:
              - name: haproxy
                image: haproxy:3.0.6
                volumeMounts:
                  - name: config
                    mountPath: /usr/local/etc/haproxy
            volumes:
              - name: config
                configMap:
                  name: haproxy-config
    `,
  },
  kinds: workloadKinds,
  *check(resource, workspace) {
    const haproxy = haproxyOf(workspace, resource);
    for (const part of haproxy?.parts ?? []) {
      const { section, file } = part;
      if (file.isOpaque) continue;
      for (const { address, host } of section.nameservers) {
        const isFilled = file.resolve(address.span).kind !== 'left';
        if (host === '' || isFilled || address.variables.length > 0) continue;
        const isAddress = /^\d{1,3}(?:\.\d{1,3}){3}$|^\[?[\da-f:]+\]?$/i.test(host);
        const isPlaceholder = !isAddress && (findPlaceholders(host, 'value').length > 0 || /^[A-Z_]+$/.test(host));
        if (!isPlaceholder && (!isAddress || section.parsesResolvConf || /^127\./.test(host))) continue;
        yield {
          at: part.place(address.span),
          ...(isPlaceholder ? {} : { severity: 'info' as const }),
          message: isPlaceholder
            ? `The name server ${host} is still to be filled in, so no server name resolves — write parse-resolv-conf instead.`
            : `The name server ${host} is right only in a cluster whose DNS has this address — compare it with the Service kube-dns, or write parse-resolv-conf.`,
          fixes: () => {
            const line = section.directives.find(({ words }) => words.includes(address));
            return line
              ? [
                  {
                    title: 'Take the name server from the pod',
                    safe: false,
                    edits: [replaceText(part, line.span, 'parse-resolv-conf')],
                  },
                ]
              : [];
          },
        };
      }
    }
  },
} satisfies Rule;
