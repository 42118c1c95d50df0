package http1

import "strconv"

// needHead builds the head implicitly.
func (res *ServerResponse) needHead(known bool, size int) error {
	if res.built {
		return nil
	}
	return res.storeHead(res.StatusCode, nil, known, size)
}

// failHead answers 500 in place of a head that could not be built at the end.
func (res *ServerResponse) failHead(err error) {
	res.OutgoingMessage.reset()
	res.StatusMessage = ""
	res.keepAlive = false
	res.noBody = true
	_ = res.storeHead(500, nil, true, 0)
	res.noBody = true
	res.conn.server.logger().Error("http1: response head", "error", err)
}

// storeHead builds the head once: status line, the fields that were set and
// those given, Date, and what framing.go decides. headers are the pairs of
// WriteHead; known says that the whole body is at hand and is size bytes long.
func (res *ServerResponse) storeHead(status int, headers []string, known bool, size int) error {
	if res.built {
		return ErrHeadersSent
	}
	if err := res.checkHead(status, headers); err != nil {
		return err
	}
	s := res.conn.server
	a := answerFacts{
		status: status, head: res.headOnly, minor: res.minor,
		keepAlive: res.keepAlive && !s.closing.Load(),
		known:     known, size: uint64(size), removed: res.removed,
	}
	reason := res.StatusMessage
	if reason == "" {
		reason = StatusText(status)
	}
	w := headWriter{dst: res.head[:0], answer: a}
	w.statusLine(status, reason)
	for _, h := range res.headers {
		if !givenAgain(h.name, headers) {
			w.line(h.name, h.value)
		}
	}
	for i := 0; i < len(headers); i += 2 {
		w.line(headers[i], headers[i+1])
	}
	if !w.facts.date && !res.removed.has(removedDate) {
		w.dst = appendLine(w.dst, "Date", s.date.at(res.conn.t.time()))
	}
	v := frameResponse(&w.facts, &a)
	if w.facts.trailer && v.length.kind != bodyChunked && !a.bodyless() {
		return ErrTrailerInvalid
	}
	w.finish(&v, s.keepAliveLine)
	res.head = w.dst
	res.StatusCode = status
	res.length = v.length
	res.noBody = a.bodyless()
	res.last = res.last || v.last
	res.built = true
	return nil
}

// checkHead checks what was not checked when it was set.
func (res *ServerResponse) checkHead(status int, headers []string) error {
	if status < 200 || status > 999 {
		return &HeaderError{Code: "ERR_HTTP_INVALID_STATUS_CODE", Name: strconv.Itoa(status)}
	}
	if !validValue(res.StatusMessage) {
		return &HeaderError{Code: "ERR_INVALID_CHAR", Name: "StatusMessage"}
	}
	return checkPairs(headers)
}

// givenAgain reports whether name is among the pairs of WriteHead.
func givenAgain(name string, headers []string) bool {
	for i := 0; i < len(headers); i += 2 {
		if sameName(headers[i], name) {
			return true
		}
	}
	return false
}
