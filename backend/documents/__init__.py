"""Documents (文书): receipts, notices and decisions as PDF, with a number, a QR and a signature."""
