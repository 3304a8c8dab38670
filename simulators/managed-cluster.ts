/** A Kubernetes cluster as the cloud that manages it knows it. */
export interface ManagedCluster {
  readonly name: string;
  /** Host name of the API server. */
  readonly host: string;
  /** PEM: who signed the API server's certificate. */
  readonly authority: string;
}
