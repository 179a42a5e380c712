/** What a kit says of itself. */
export interface KitDescription {
  readonly commit: string;
  /** Whether files differed from that commit. */
  readonly changed: boolean;
  /** When it was packed, ISO 8601. */
  readonly packed: string;
  /** Version of the Node binary in it. */
  readonly node: string;
  readonly platform: string;
}
