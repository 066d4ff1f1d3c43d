import { KeelsonError } from "../../../core/errors.js";
import type { WebhookVerifier } from "../../webhooks/verifier.js";
import type { Guard } from "../stage.js";
import type { FailureLimit } from "./failures.js";

/** Verifies the signature over the bytes as they came. */
export function signatureGuard(verifier: WebhookVerifier, failures: FailureLimit | undefined): Guard {
  const check: Guard = async (call): Promise<undefined> => {
    const { rawBody: body, incoming, plan } = call;
    if (body === undefined) throw new KeelsonError("internal", "A signature without a body to verify");
    call.verified = await verifier.verify({
      header: (name) => incoming.header(name),
      body,
      now: plan.rt.clock.wall(),
    });
    return undefined;
  };
  return failures === undefined ? check : failures.around(check);
}
