/**
 * Every way out, one line each.
 */
import type { SealedChannel } from "./channel.ts";
import { email } from "./email.ts";
import { smsGateway } from "./sms_gateway.ts";

export const channels: readonly SealedChannel[] = [
  email,
  smsGateway,
];
