# What tests/benchmarks/model.py puts on PATH as kubectl: a cluster in which a Job of thousands of pods runs, each as a
# real one did. The files beside it are the program's parts: what it prints, and how many pods there are.

use strict;
use warnings;

my ($folder) = $0 =~ m{(.*)/};
my $line = join ' ', @ARGV;
$| = 1;

sub content {
    open my $file, '<:raw', "$folder/$_[0]" or die "$_[0]: $!";
    local $/;
    return <$file> // '';
}

sub rest {
    select undef, undef, undef, $_[0];
}

sub rest_for_ever {
    rest(3600) while 1;
}

sub wait_for {
    rest(0.05) until -e "$folder/$_[0]";
}

sub touch {
    open my $file, '>', "$folder/$_[0]" or die "$_[0]: $!";
}

# Pod by pod, as many at once as are wanted; what happens to each stands in the files step-0, step-1 and so on.
sub play {
    my ($kind) = @_;
    my ($pods, $at_once, $pause, $living_steps, $ends) = split ' ', content('numbers');
    my @names = glob_of("$kind-step-");
    my @steps = map { content($_) } sort @names;
    my $tell = sub {
        my ($pod, @which) = @_;
        for my $step (@which) {
            my $text = $steps[$step];
            $text =~ s/__NUMBER__/sprintf '%08d', $pod/ge;
            syswrite STDOUT, $text or exit 1;
            rest($pause) if $pause > 0;
        }
    };
    for my $pod (0 .. $pods - 1) {
        $tell->($pod, 0 .. $living_steps - 1);
        $tell->($pod - $at_once, $living_steps .. $#steps) if $pod >= $at_once;
    }
    return if not $ends;
    for my $pod (($pods > $at_once ? $pods - $at_once : 0) .. $pods - 1) {
        $tell->($pod, $living_steps .. $#steps);
    }
    touch('over');
}

sub glob_of {
    my ($beginning) = @_;
    opendir my $here, $folder or die "$folder: $!";
    return grep { index($_, $beginning) == 0 } readdir $here;
}

if ($line =~ /\bversion --client/) {
    print content('version');
} elsif ($line =~ /can-i --list/) {
    print "*.*   []   []   [*]\n";
} elsif ($line =~ /\bapply\b/) {
    touch('applied');
    print content('job-running');
} elsif ($line =~ /\bget jobs --watch|\bget jobs .*--watch/) {
    print content('job-event');
    if (-e "$folder/job-ends") {
        rest(3);
        for my $end (split /^/, content('job-ends')) {
            syswrite STDOUT, $end or exit 1;
            rest(0.005);
        }
    }
    rest_for_ever();
} elsif ($line =~ /\bget pods\b.*--watch/) {
    play($line =~ /jsonpath/ ? 'fields' : 'json');
    rest_for_ever();
} elsif ($line =~ /\bwait job\b.*complete|\bwait job\/.*complete/) {
    wait_for('over');
    print content('job-complete');
} elsif ($line =~ /\bwait job/) {
    rest_for_ever();
} elsif ($line =~ m{\bget job/}) {
    print content(-e "$folder/over" ? 'job-complete' : 'job-running') if -e "$folder/applied";
} elsif ($line =~ /\blogs\b/) {
    print content('log');
} elsif ($line =~ /\bget events\b/) {
    print '{"kind":"List","items":[]}';
}
