/* The secrets that the fake Google deals in: marks that are found again wherever they leak. */
#ifndef PHASEGATE_TESTS_E2E_FAKE_GOOGLE_H
#define PHASEGATE_TESTS_E2E_FAKE_GOOGLE_H

#define FAKE_ACCESS_TOKEN  "ya29.mark-of-the-access-token-6b1f"
#define FAKE_REFRESH_TOKEN "1//mark-of-the-refresh-token-90ac"
#define FAKE_CLIENT_SECRET "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de"
#define FAKE_KEY_ID        "mark0of0the0key0id04c2a9e5d18"

#endif
