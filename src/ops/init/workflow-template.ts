/** `.github/workflows/reliability.yml`: gates what goes to main. */
export const WORKFLOW = `name: reliability

# Gates a release: starts the service as it would be deployed, and asks it everything that the policy wants to know.
on:
  pull_request:
  push:
    branches: [main]

permissions:
  contents: read

jobs:
  gate:
    runs-on: ubuntu-latest
    timeout-minutes: 15
    env:
      SERVICE_URL: http://127.0.0.1:8080
      OPERATOR_TOKEN: \${{ github.run_id }}-\${{ github.run_attempt }}-operator
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with:
          node-version: 22
          cache: npm
      - run: npm ci
      - run: npm run build --if-present
      - name: Start the service
        run: |
          npm start > service.log 2>&1 &
          for i in $(seq 60); do curl -sf "$SERVICE_URL/healthz" > /dev/null && exit 0; sleep 1; done
          cat service.log; exit 1
      - name: Gate
        run: npx keelson gate --junit .output/reliability/gate.xml
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: reliability
          path: .output/reliability
          include-hidden-files: true
`;
