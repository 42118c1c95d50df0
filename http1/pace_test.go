package http1

import (
	"testing"
	"time"
)

// TestPace: what a peer may do, step by step: wait for so long, then so many bytes.
func TestPace(t *testing.T) {
	second := instant(time.Second)
	at := &pace{bytes: 100, per: time.Second, grace: 5 * time.Second, most: 10 * time.Second}
	for _, test := range []struct {
		name  string
		steps []uint64 // bytes, one second after the other
		late  int      // after how many seconds; 0: never, in these
	}{
		{"silence", make([]uint64, 20), 5},
		{"just enough", []uint64{100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100}, 0},
		{"half of it", []uint64{50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50, 50}, 10},
		{"enough at last", []uint64{0, 0, 0, 0, 400, 0, 0, 0, 0, 0}, 9},
		{"much, then nothing", append([]uint64{1 << 40}, make([]uint64, 20)...), 11},
	} {
		now, p := second, patience{}
		late := 0
		for i, n := range test.steps {
			p.begin(now)
			now += second
			if until := p.until(at); now >= until && n == 0 || now > until {
				late = i + 1
				break
			}
			p.end(now)
			p.earn(n, at)
		}
		if late != test.late {
			t.Errorf("%s: late after %d s, want %d", test.name, late, test.late)
		}
	}
	var p patience
	if p.begin(second); p.until(&pace{}) != 0 {
		t.Error("without a pace there is an end")
	}
	if fast := (&pace{bytes: bodyRateMax, per: time.Second, most: time.Second}).worth(1 << 63); fast != 2*time.Second {
		t.Errorf("2^63 bytes are worth %v", fast)
	}
}
