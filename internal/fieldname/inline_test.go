package fieldname

import (
	"os/exec"
	"strings"
	"testing"
)

// TestInlined: the steps of probe.go and Set stand in loops where a call would
// cost as much as they do.
func TestInlined(t *testing.T) {
	goTool, err := exec.LookPath("go")
	if err != nil || testing.Short() {
		t.Skip("needs the go command, and a build")
	}
	out, err := exec.Command(goTool, "build", "-gcflags=-m", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	for _, name := range []string{"FoldMask", "Candidate", "Match", "MatchMiddle", "(*Set).Has", "(*Set).Add"} {
		if !strings.Contains(string(out), "can inline "+name+"\n") {
			t.Errorf("%s is not inlined any more", name)
		}
	}
}
