/** The Kubernetes extension's API broker, with a kubeconfig that a test names in the environment. */
exports.activate = () => ({
  get: component => {
    const api = components[component];
    return api ? { available: true, api } : { available: false, reason: 'version-unknown' };
  },
});

const components = {
  configuration: { getKubeconfigPath: () => ({ pathType: 'host', hostPath: process.env.STUB_KUBECONFIG }) },
  kubectl: { invokeCommand: async () => ({ code: 0, stdout: 'staging\n', stderr: '' }) },
  clusterexplorer: { resolveCommandTarget: target => target && { nodeType: 'context', name: target.contextName } },
};
